using System.Runtime.InteropServices;

namespace P2P.Engine.Storage;

/// <summary>The calls .NET has no public counterpart for: opening names relative to a folder without following links, and folder flushes.</summary>
/// <remarks>Linux with glibc 2.28 or musl 1.2.5 and later (statx, renameat2). Every call sets the last P/Invoke error on -1.</remarks>
internal static partial class Posix
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int RemoveFolder = 0x200;
    public const int DoNotFollow = 0x100;
    public const int CurrentFolder = -100;
    public const int EmptyPath = 0x1000;
    public const uint NoReplace = 1;
    public const int SeekData = 3;
    public const int WillNotNeed = 4;
    public const int NoSuchData = 6;
    private const string Library = "libc";

    // These two differ between processor families (asm-generic against arm's own fcntl.h).
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;

    /// <summary>O_DIRECTORY: fail unless it is a folder.</summary>
    public static int OnlyFolder => IsArm ? 0x4000 : 0x10000;

    /// <summary>O_NOFOLLOW: fail when the last component is a symbolic link.</summary>
    public static int NoFollow => IsArm ? 0x8000 : 0x20000;

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(int folder, string name, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Flush(int descriptor);

    [LibraryImport(Library, EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFolderAt(int folder, string name, uint mode);

    [LibraryImport(Library, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(int folder, string name, int flags);

    [LibraryImport(Library, EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt2(int folder, string name, int toFolder, string toName, uint flags);

    [LibraryImport(Library, EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(int folder, string name, int toFolder, string toName);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int folder, string name, int flags, uint mask, out StatxBuffer buffer);

    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int descriptor, long offset, int whence);

    [LibraryImport(Library, EntryPoint = "posix_fadvise")]
    public static partial int Advise(int descriptor, long offset, long length, int advice);

    /// <summary>The parts of <c>struct statx</c> we read; the layout is the same on every processor (linux/stat.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct StatxBuffer
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(40)]
        public ulong Size;

        /// <summary>In units of 512 bytes.</summary>
        [FieldOffset(48)]
        public ulong Blocks;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        /// <summary>The file type out of the mode bits.</summary>
        public readonly EntryKind Kind => (Mode & 0xF000) switch
        {
            0x8000 => EntryKind.File,
            0x4000 => EntryKind.Folder,
            _ => EntryKind.Other,
        };

        /// <summary>The mode bits say symbolic link.</summary>
        public readonly bool IsSymbolicLink => (Mode & 0xF000) == 0xA000;
    }
}
