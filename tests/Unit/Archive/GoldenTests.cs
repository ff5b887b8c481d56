using System.Text.Json.Nodes;
using Backup.Archive;
using Backup.Archive.Catalog;
using Backup.Archive.Keys;
using Backup.Engine.Catalog;
using Backup.Engine.ChangeLog;
using Backup.Engine.Units;
using Backup.Engine.Verify;
using Backup.Storage.Local;
using Backup.Tests.Unit.ChangeLog;
using Backup.Tests.Unit.Engine;
using Backup.Tests.Unit.Format;

namespace Backup.Tests.Unit.Archive;

/// <summary>The archive under tests/golden/v1, made by tests/golden, stays readable for ever: by the engine, and by docs/format.md alone.</summary>
public sealed class GoldenTests : IDisposable
{
    private static readonly string Golden = Path.Combine(Repository.Root, "tests/golden/v1");
    private static readonly JsonNode Expected = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden, "expected.json")))!;
    private readonly string state = Directory.CreateTempSubdirectory("backup-golden-").FullName;

    private static string KeyFile => File.ReadAllText(Path.Combine(Golden, "key"));

    private static string Passphrase => File.ReadAllText(Path.Combine(Golden, "passphrase")).TrimEnd('\n');

    [Fact]
    public async Task It_opens_with_either_key_and_verifies()
    {
        foreach (var key in new IWrappingKey[] { KeyFileKey.Parse(KeyFile, "key"), new PassphraseKey(Passphrase) })
        {
            var report = await new ArchiveVerifier(await OpenAsync(key), new LastSeen(state), TimeProvider.System)
                .RunAsync(new() { Archive = "golden", Deep = true }, null, TemporaryArchive.Progress(Contracts.RunKind.Backup), default);
            Assert.Empty(report.Findings);
            Assert.Equal(Expected["backups"]!.AsArray().Select(b => (string)b!["backupId"]!), report.Backups);
            // An increment's own threads are read, with what they stand on; the others are its base's.
            var threads = Expected["backups"]!.AsArray().ToLookup(b => (string)b!["strategy"]! == "full", b => (long)b!["totals"]!["threads"]!);
            Assert.InRange(report.Threads, threads[true].Sum() + 1, threads[true].Sum() + threads[false].Sum());
        }
    }

    [Fact]
    public async Task Every_backup_says_and_restores_what_was_captured()
    {
        var archive = await OpenAsync(KeyFileKey.Parse(KeyFile, "key"));
        Assert.Equal((string)Expected["archiveId"]!, archive.Descriptor.ArchiveId);
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        Assert.Equal(Expected["removed"]!.AsArray().Select(r => (string)r!), catalog.Chain.Removed.Order());
        Assert.Equal(Expected["marked"]!.AsArray().Select(r => (string)r!), (await DeadMarks.LoadAsync(archive, default)).Since.Keys.Order());
        foreach (var backup in Expected["backups"]!.AsArray())
        {
            var manifest = await catalog.ReadManifestAsync(catalog.Find((string)backup!["backupId"]!), default);
            var summary = Summaries.Of(manifest);
            Assert.Equal(((string)backup["source"]!, (string)backup["stateRoot"]!, (long)backup["totals"]!["records"]!), (summary.Source, summary.StateRoot, summary.Records));
            var target = new DictionaryStore();
            await TemporaryArchive.RestoreAsync(archive, target, new() { Archive = "golden", BackupId = summary.BackupId, Target = "s" });
            Assert.Equal(
                backup["units"]!.AsArray().Select(u => ((string)u!["id"]!, (string)u["summary"]!)),
                target.Digests().OrderBy(d => UnitKey.Of(d.Key), Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))
                    .Select(d => (d.Key.Id, Convert.ToHexStringLower(UnitSummary.Of(d.Value)))));
        }
    }

    [Fact]
    public async Task Every_moment_of_its_log_is_what_was_there()
    {
        var archive = await OpenAsync(KeyFileKey.Parse(KeyFile, "key"));
        var catalog = await BackupCatalog.LoadAsync(archive, default);
        foreach (var log in Expected["logs"]!.AsArray())
        {
            var known = await LogCatalog.LoadAsync(archive, catalog, (string)log!["source"]!, default);
            Assert.Equal("the slot was dropped", Assert.Single(known.Gaps).Reason);
            foreach (var expected in log["moments"]!.AsArray())
            {
                using var moment = await PointInTime.DeriveAsync(archive, catalog, LogTarget.At((ulong)expected!["at"]!, known), null, TimeProvider.System, default);
                Assert.Equal(expected["units"]!.AsArray().Select(u => ((string)u!["id"]!, (string)u["summary"]!)).Order(),
                    (await PointInTimeTests.ReadAsync(moment)).Select(u => (u.Key.Id, Convert.ToHexStringLower(UnitSummary.Of(u.Value)))).Order());
            }
        }
    }

    [Fact]
    public void The_page_alone_is_enough_to_read_it()
    {
        var objects = MemoryStorage.OfFolder(Path.Combine(Golden, "archive")).Objects;
        var withFile = Secrets.OpenKeyFile(objects, KeyFile);
        var withPassphrase = Secrets.OpenPassphrase(objects, Passphrase);
        Assert.Equal(withFile.DataKey, withPassphrase.DataKey);
        Assert.Equal(Expected.ToJsonString(), new PageArchive(objects, withFile).Read().ToJsonString());
    }

    public void Dispose() => Directory.Delete(state, recursive: true);

    private static Task<OpenedArchive> OpenAsync(IWrappingKey key) => OpenedArchive.OpenAsync(new LocalStorage(Path.Combine(Golden, "archive")), key, 3, default);
}
