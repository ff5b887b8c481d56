using Backup.Checkpoints.Model;
using Backup.Checkpoints.S3.Layouts;
using CsCheck;

namespace Backup.Tests.StoreSuite.S3;

/// <summary>Names of units in keys.</summary>
public sealed class UnitNameTests
{
    private static readonly Gen<string> Id = Gen.OneOf(Gen.Int[0, Support.Samples.OddIds.Length - 1].Select(i => Support.Samples.OddIds[i]), Gen.String[0, 10], Gen.Char['-', '~'].Array[0, 4].Select(c => new string(c)));

    [Fact]
    public void Names_sort_as_ids_do_and_stand_for_them() => Gen.Select(Id, Id).Sample((a, b) =>
    {
        var (left, right) = (Key(a), Key(b));
        Assert.All(left, c => Assert.InRange(c, '!', '~'));
        var short_ = new[] { a, b }.All(id => System.Text.Encoding.UTF8.GetByteCount(id) <= 120);
        if (short_)
        {
            Assert.Equal(a, UnitName.IdOf(UnitName.Of(a)));
            Assert.Equal(Math.Sign(Utf8Order.Compare(a, b)), Math.Sign(string.CompareOrdinal(left, right)));
        }
        if (Utf8Order.Compare(a, b) <= 0) Assert.True(string.CompareOrdinal(UnitName.StartOf(a), right) < 0);
    }, iter: 20_000);

    [Fact]
    public void A_long_id_is_a_beginning_and_a_hash()
    {
        var ids = new[] { new string('x', 120), new string('x', 121), new string('x', 600), new string('x', 120) + "\uffff", new string('\u6f22', 300), new string('x', 119) + "y", "y" }.Order(Comparer<string>.Create(Utf8Order.Compare)).ToList();
        Assert.All(ids, id => Assert.True(Key(id).Length < 600));
        Assert.Equal(3, ids.Count(id => UnitName.IsHashed(UnitName.Of(id)) && UnitName.SharedStart(UnitName.Of(id)) == new string('x', 120)));
        // Those with one beginning stand together, where the beginning belongs.
        Assert.Equal(ids.Select(UnitName.StartOf), ids.OrderBy(Key, StringComparer.Ordinal).Select(UnitName.StartOf));
    }

    private static string Key(string id) => UnitName.Of(id) + "!/";
}
