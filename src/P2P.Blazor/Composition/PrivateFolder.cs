using System.Collections.Immutable;
using P2P.Blazor.Configuration;

namespace P2P.Blazor.Composition;

/// <summary>Makes folders that only their owner may read: the state holds keys and what a person downloads.</summary>
internal static class PrivateFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the folder if absent (mode 0700; an existing one keeps its mode) and returns it; throws <see cref="InvalidSettingsException"/> if it cannot.</summary>
    public static string Create(string path)
    {
        try
        {
            _ = OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, OwnerOnly);
            return path;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingsException(ImmutableArray.Create($"The data directory \"{path}\" cannot be made: {exception.Message}"));
        }
    }
}
