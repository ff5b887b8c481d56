using Backup.Abstractions;
using Backup.Contracts;
using CsCheck;

namespace Backup.Tests.Cluster;

public sealed class GrainKeyTests
{
    private static readonly string[] Odd = ["", "..", "%", "%25", "%u", "%uD800", "\ud800", "\udc00", "😀", "\0", "a/b", "a%2Fb", "a+b", "A", "a"];

    // Names that break things: numbers, GUIDs, separators, escapes, halves of surrogate pairs, look-alikes.
    private static readonly Gen<string> Name = Gen.OneOf(
        Gen.String,
        Gen.String["0123456789abcdefABCDEF+-/%u. "],
        Gen.Char['\ud7f0', '\ue010'].Array[0, 6].Select(c => new string(c)),
        Gen.Guid.Select(g => g.ToString("N")),
        Gen.ULong.Select(n => n.ToString("X")),
        Gen.Int[0, Odd.Length - 1].Select(i => Odd[i]));

    [Fact]
    public void Names_come_back_and_so_never_share_a_key() => Gen.Select(Name, Name).Sample((first, second) =>
    {
        Assert.Equal([first], GrainKeys.Names(GrainKeys.Source(first)));
        Assert.Equal([first, second], GrainKeys.Names(GrainKeys.Thread(first, second)));
        if (first != second) Assert.NotEqual(GrainKeys.Source(first), GrainKeys.Source(second));
    });

    [Fact]
    public void No_key_looks_like_a_number() => Gen.Select(Name, Name).Sample((first, second) =>
    {
        foreach (var key in new[] { GrainKeys.Source(first), GrainKeys.Archive(first), GrainKeys.Thread(first, second), GrainKeys.Slot(first, 3), GrainKeys.Directory(first, 7) })
        {
            var id = GrainId.Create("test", key);
            Assert.False(id.TryGetIntegerKey(out _, out _), key);
            Assert.False(id.TryGetGuidKey(out _, out _), key);
            Assert.DoesNotContain('+', key);
            Assert.All(key, c => Assert.InRange(c, '!', '~'));
            Assert.Equal(key, GrainId.Parse(id.ToString()).Key.ToString());
        }
    });

    [Fact]
    public void Kinds_of_grain_have_keys_of_their_own()
    {
        var run = RunId.New(DateTimeOffset.UnixEpoch);
        string[] keys = [GrainKeys.Source("x"), GrainKeys.Target("x"), GrainKeys.Archive("x"), GrainKeys.Single("x"), GrainKeys.Thread("x", "1"), GrainKeys.Slot("x", 1), GrainKeys.Directory("x", 1), GrainKeys.Run(run)];
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal("thread/prod/user%3A42%2Fa%20b", GrainKeys.Thread("prod", "user:42/a b"));
        Assert.Equal($"run/{run}", GrainKeys.Run(run));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("source/%")]
    [InlineData("source/%4")]
    [InlineData("source/%uD8")]
    [InlineData("source/a%zz")]
    public void What_is_no_key_is_refused(string key) => Assert.Throws<FormatException>(() => GrainKeys.Names(key));
}
