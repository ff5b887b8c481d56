using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Konscious.Security.Cryptography;

namespace Backup.Tests.Unit.Format;

/// <summary>What opens an archive, as docs/format.md describes it: checked text, the descriptor, wrapped keys.</summary>
internal sealed record Secrets(string KeyId, byte[] DataKey, byte[] DescriptorDigest)
{
    /// <summary>Opens with a key file's content.</summary>
    public static Secrets OpenKeyFile(IReadOnlyDictionary<string, byte[]> objects, string keyFile) =>
        Open(objects, "keyfile", wrap => HKDF.DeriveKey(HashAlgorithmName.SHA256, Convert.FromBase64String(keyFile.Trim()), 32, Member(wrap, "salt"), "backup.orleans/v1/wrap"u8.ToArray()));

    /// <summary>Opens with a passphrase.</summary>
    public static Secrets OpenPassphrase(IReadOnlyDictionary<string, byte[]> objects, string passphrase) => Open(objects, "passphrase", wrap =>
    {
        using var argon = new Argon2id(Encoding.UTF8.GetBytes(passphrase))
        {
            Salt = Member(wrap, "salt"), MemorySize = (int)wrap["memoryKiB"]!, Iterations = (int)wrap["passes"]!, DegreeOfParallelism = (int)wrap["lanes"]!,
        };
        return argon.GetBytes(32);
    });

    /// <summary>The JSON of a checked text.</summary>
    public static JsonNode ReadChecked(byte[] text)
    {
        var parts = Encoding.UTF8.GetString(text).Split('\n');
        Assert.Equal((3, ""), (parts.Length, parts[2]));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(parts[0]))), parts[1]);
        return JsonNode.Parse(parts[0])!;
    }

    /// <summary>A checked text.</summary>
    public static byte[] WriteChecked(byte[] json) => [.. json, .. Encoding.ASCII.GetBytes($"\n{Convert.ToHexStringLower(SHA256.HashData(json))}\n")];

    private static Secrets Open(IReadOnlyDictionary<string, byte[]> objects, string kind, Func<JsonNode, byte[]> derive)
    {
        var descriptor = ReadChecked(objects["archive"]);
        Assert.Equal((1, "shared", 32), ((int)descriptor["format"]!, (string)descriptor["keyMode"]!, ((string)descriptor["archiveId"]!).Length));
        var digest = SHA256.HashData(objects["archive"]);
        foreach (var (name, text) in objects.Where(o => o.Key.StartsWith("keys/", StringComparison.Ordinal)))
        {
            var wrap = ReadChecked(text);
            var keyId = (string)wrap["keyId"]!;
            Assert.StartsWith($"keys/{keyId}-", name, StringComparison.Ordinal);
            if ((string)wrap["kind"]! != kind) continue;
            var key = derive(wrap);
            Assert.Equal(Member(wrap, "check"), HKDF.Expand(HashAlgorithmName.SHA256, key, 16, "backup.orleans/v1/check"u8.ToArray()));
            var wrapped = Member(wrap, "wrapped");
            var dataKey = new byte[32];
            using var aes = new AesGcm(key, 16);
            aes.Decrypt(wrapped.AsSpan(0, 12), wrapped.AsSpan(12, 32), wrapped.AsSpan(44), dataKey, [.. Convert.FromHexString(keyId), .. digest]);
            return new(keyId, dataKey, digest);
        }
        throw new InvalidOperationException($"no wrap of kind {kind}");
    }

    private static byte[] Member(JsonNode json, string name) => Convert.FromBase64String((string)json[name]!);
}
