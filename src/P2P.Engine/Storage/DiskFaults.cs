using System.Globalization;

namespace P2P.Engine.Storage;

/// <summary>A disk fault that is already in words.</summary>
internal sealed class StorageException(DiskError error, Exception? inner = null) : IOException(error.Message, inner)
{
    /// <summary>Code, sentence, and whether waiting helps.</summary>
    public DiskError Error { get; } = error;
}

/// <summary>Puts what the operating system says into a stable code and one sentence for the user.</summary>
internal static class DiskFaults
{
    // Linux numbers (asm-generic/errno.h); those below 35 are the same on macOS. .NET keeps them in Exception.HResult.
    internal const int NoEntry = 2;
    internal const int InputOutput = 5;
    internal const int CrossDevice = 18;
    internal const int Exists = 17;
    internal const int NotFolder = 20;
    internal const int IsFolder = 21;
    internal const int Invalid = 22;
    internal const int TooManyLinks = 40;
    private const int NotPermitted = 1;
    private const int AccessDenied = 13;
    private const int TableFull = 23;
    private const int TooManyOpen = 24;
    private const int FileTooBig = 27;
    private const int NoSpace = 28;
    private const int ReadOnly = 30;
    private const int NameTooLong = 36;
    private const int QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>Names the fault; <paramref name="path"/> is what the user should look at, the sizes make "disk full" concrete.</summary>
    public static DiskError From(Exception exception, string path, long? freeBytes = null, long? neededBytes = null) => exception switch
    {
        StorageException known => known.Error,
        UnauthorizedAccessException => Denied(path),
        FileNotFoundException or DirectoryNotFoundException => Missing(path),
        PathTooLongException => TooLong(path),
        IOException io => io.HResult switch
        {
            NoSpace or QuotaExceeded or WindowsDiskFull or WindowsHandleDiskFull => Full(path, freeBytes, neededBytes),
            ReadOnly => new("disk.read_only", $"The disk is read-only, '{path}' cannot be written. Make it writable; the download goes on by itself.", true),
            AccessDenied or NotPermitted => Denied(path),
            NoEntry => Missing(path),
            NameTooLong => TooLong(path),
            FileTooBig => new("disk.file_too_large", $"'{path}' is larger than this disk allows for one file. Choose a folder on another disk.", false),
            TooManyOpen or TableFull => new("disk.too_many_open_files", "The system allows no more open files. Raise the limit; the download goes on by itself.", true),
            NotFolder or IsFolder => NotRegular(path),
            _ => new("disk.io", $"The disk reported an error at '{path}': {Reason(io)}. Check the disk, then start the torrent again.", false),
        },
        _ => new("disk.internal", $"An unexpected error stopped work on '{path}': {exception.GetType().Name}, {Reason(exception)}. Start the torrent again.", false),
    };

    public static DiskError Missing(string path) =>
        new("disk.missing", $"'{path}' is missing or shorter than it was. Put it back or connect its disk, or re-check the torrent to fetch it again.", true) { Path = path };

    public static DiskError SizeConflict(string path, long found, long expected) =>
        new("disk.size_conflict", $"Another file is in the way: '{path}' has {Count(found)} bytes, the torrent's has {Count(expected)}. Move it away or choose another folder.", false);

    public static DiskError DifferentFile(string path) =>
        new("disk.exists", $"A different file of the same name is in the way: '{path}'. Move it away or choose another folder; the download is kept.", false);

    public static DiskError SymlinkParent(string path) =>
        new("path.symlink_parent", $"'{path}' is a symbolic link, and links below a download folder are not followed. Replace it with a real folder.", false);

    public static DiskError NotRegular(string path) =>
        new("path.not_regular", $"'{path}' is not a regular file where one is needed. Move it away or choose another folder.", false);

    public static DiskError HardLink(string path) =>
        new("path.hardlink", $"'{path}' has a second name (hard link), so writing would change another file. Replace it with a copy.", false);

    public static DiskError NotAllowed(string path) =>
        new("path.not_allowed", $"The path '{path}' leads out of its folder and is refused.", false);

    public static DiskError TooLong(string path) =>
        new("path.too_long", $"The path '{path}' is too long for this disk. Choose a folder with a shorter name.", false);

    public static DiskError InUse(string path) =>
        new("path.in_use", $"'{path}' already belongs to another torrent. Choose another folder.", false);

    private static DiskError Full(string path, long? free, long? needed)
    {
        var sizes = free is { } f && needed is { } n ? $"{Size(f)} free, {Size(n)} needed" : $"nothing more fits at '{path}'";
        return new("disk.full", $"The disk is full: {sizes}. Free some space; the download goes on by itself.", true) { Path = path, NeededBytes = needed, FreeBytes = free };
    }

    private static DiskError Denied(string path) =>
        new("disk.denied", $"Access to '{path}' is denied. Allow it for the user this program runs as; the download goes on by itself.", true);

    private static string Reason(Exception exception) => exception.Message.TrimEnd('.', ' ');

    private static string Count(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture);

    private static string Size(long bytes)
    {
        ReadOnlySpan<string> units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return value.ToString(value < 10 && unit > 0 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
