using System.Security.Cryptography;
using System.Text;

namespace Backup.Hosting.Configuration;

/// <summary>Names settings without telling them.</summary>
internal static class Fingerprint
{
    public static string Of(params string?[] settings) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', settings)))[..8]);
}
