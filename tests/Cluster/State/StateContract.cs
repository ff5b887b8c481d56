using Backup.Abstractions;
using Backup.Contracts;
using Backup.Tests.Cluster.Grains;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Backup.Tests.Cluster.State;

public sealed class SqliteStateTests(SqliteFixture fixture) : StateContract(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresStateTests(PostgresFixture fixture) : StateContract(fixture), IClassFixture<PostgresFixture>;

/// <summary>What grain state must do, whatever the dialect.</summary>
public abstract class StateContract(StateFixture fixture)
{
    private const string StateName = "test-direct";
    private IGrainStorage Storage => fixture.Server.Services.GetRequiredKeyedService<IGrainStorage>(StorageNames.Work);
    private static string NewKey() => GrainKeys.Single(Randomness.Token(12));
    private static GrainId Id(string key) => GrainId.Create("test", key);

    [Fact]
    public async Task State_is_read_back_after_deactivation_and_gone_after_clear()
    {
        var key = NewKey();
        var grain = fixture.Server.Grains.GetGrain<INoteGrain>(key);
        Assert.Null(await grain.Read());
        await grain.Write("one");
        await grain.Write("two, ünïcode \u0001 and more");
        await grain.Deactivate();
        Assert.Equal("two, ünïcode \u0001 and more", await grain.Read());
        Assert.Equal(1, await RowsAsync(key));

        await grain.Clear();
        Assert.Equal(0, await RowsAsync(key));
        await grain.Deactivate();
        Assert.Null(await grain.Read());
        await grain.Write("again");
        await grain.Deactivate();
        Assert.Equal("again", await grain.Read());
    }

    [Fact]
    public async Task Payload_is_plain_json()
    {
        var key = NewKey();
        await fixture.Server.Grains.GetGrain<INoteGrain>(key).Write("hello");
        await using var command = fixture.Database.Source.CreateCommand($"SELECT payloadbinary FROM grainstate WHERE keytext = '{key}'");
        Assert.Equal("""{"Text":"hello"}""", System.Text.Encoding.UTF8.GetString((byte[])(await command.ExecuteScalarAsync())!));
    }

    [Fact]
    public async Task Only_one_of_many_first_writes_wins()
    {
        var key = NewKey();
        var writes = Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            try
            {
                await Storage.WriteStateAsync(StateName, Id(key), new GrainState<Note>(new Note { Text = $"{i}" }));
                return true;
            }
            catch (InconsistentStateException)
            {
                return false;
            }
        }));
        Assert.Single(await Task.WhenAll(writes), won => won);
        Assert.Equal(1, await RowsAsync(key));
    }

    [Fact]
    public async Task Writing_what_another_wrote_since_is_refused()
    {
        var id = Id(NewKey());
        var (first, second) = (new GrainState<Note>(), new GrainState<Note>());
        await Storage.WriteStateAsync(StateName, id, first);
        await Storage.ReadStateAsync(StateName, id, second);
        second.State!.Text = "second";
        await Storage.WriteStateAsync(StateName, id, second);

        first.State = new Note { Text = "first" };
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync(StateName, id, first));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync(StateName, id, first));
        await Storage.ReadStateAsync(StateName, id, first);
        Assert.Equal("second", first.State!.Text);
    }

    [Fact]
    public async Task Writing_what_another_cleared_is_refused()
    {
        var key = NewKey();
        var (first, second) = (new GrainState<Note>(), new GrainState<Note>());
        await Storage.WriteStateAsync(StateName, Id(key), first);
        await Storage.ReadStateAsync(StateName, Id(key), second);
        await Storage.ClearStateAsync(StateName, Id(key), second);
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync(StateName, Id(key), first));
        Assert.Equal(0, await RowsAsync(key));
    }

    [Fact]
    public async Task Two_classes_with_one_key_keep_two_states()
    {
        var key = NewKey();
        var (note, other) = (fixture.Server.Grains.GetGrain<INoteGrain>(key), fixture.Server.Grains.GetGrain<IOtherNoteGrain>(key));
        await note.Write("note");
        Assert.Null(await other.Read());
        await other.Write("other");
        await note.Deactivate();
        Assert.Equal("note", await note.Read());
        Assert.Equal("other", await other.Read());
    }

    [Fact]
    public async Task Keys_that_would_be_one_number_stay_apart()
    {
        // The trap itself, so that we know when it is gone: bare, these two share a row.
        var bare = new GrainState<Note>(new Note { Text = "bare" });
        await Storage.WriteStateAsync(StateName, Id("00ab12"), bare);
        var read = new GrainState<Note>();
        await Storage.ReadStateAsync(StateName, Id("AB12"), read);
        Assert.Equal("bare", read.State!.Text);

        foreach (var name in new[] { "00ab12", "AB12", "ab12", "ab12+x" })
            await fixture.Server.Grains.GetGrain<INoteGrain>(GrainKeys.Source(name)).Write(name);
        foreach (var name in new[] { "00ab12", "AB12", "ab12", "ab12+x" })
        {
            var grain = fixture.Server.Grains.GetGrain<INoteGrain>(GrainKeys.Source(name));
            await grain.Deactivate();
            Assert.Equal(name, await grain.Read());
        }
    }

    [Fact]
    public async Task A_long_key_has_its_row()
    {
        var key = GrainKeys.Thread("prod", Randomness.Token(600));
        await fixture.Server.Grains.GetGrain<INoteGrain>(key).Write("long");
        Assert.Equal(1, await RowsAsync(key));
    }

    private Task<long> RowsAsync(string key) => fixture.CountAsync("SELECT count(*) FROM grainstate WHERE keytext = @p", key);
}
