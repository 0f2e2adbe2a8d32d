using System.Text.RegularExpressions;

namespace P2P.Blazor.Components.Words;

/// <summary>Hides what in a tracker's URL is a password: the name and password before the host, and long keys in path and query. Pure.</summary>
internal static partial class SecretUrl
{
    /// <summary>The URL with dots in the place of secrets; the same text when there are none.</summary>
    public static string Masked(string url) => Key().Replace(Login().Replace(url, "//•••@"), "•••");

    [GeneratedRegex("(?<=^[a-z]+:)//[^/@?#]*@", RegexOptions.IgnoreCase)]
    private static partial Regex Login();

    // Passkeys are 16 and more letters and digits, digits among them, between signs that end a part of a URL.
    [GeneratedRegex("(?<=[/=])(?=[A-Za-z]*[0-9])[A-Za-z0-9_-]{16,}(?=[/&?#]|$)")]
    private static partial Regex Key();
}
