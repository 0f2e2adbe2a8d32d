using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Threading.Channels;

namespace P2P.Engine.Interop.Tests.Drivers;

/// <summary>One process of a reference client, killed by its own id when disposed; remembers its last 200 lines for failure messages.</summary>
public sealed class ClientProcess : IAsyncDisposable
{
    private const int KeptLines = 200;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Channel<string>? _answers;
    private int _isDisposed;

    private ClientProcess(Process process, bool keepAnswers)
    {
        _process = process;
        _answers = keepAnswers ? Channel.CreateUnbounded<string>() : null;
        process.OutputDataReceived += (_, line) => OnLine(line.Data, isAnswer: true);
        process.ErrorDataReceived += (_, line) => OnLine(line.Data, isAnswer: false);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its id.</summary>
    public int Id => _process.Id;

    /// <summary>Has it ended?</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The last lines it wrote.</summary>
    public string Output => string.Join('\n', _lines);

    /// <summary>Starts a program; with <paramref name="isDialogue"/> its standard output is read by <see cref="AskAsync"/>.</summary>
    public static ClientProcess Start(
        string program, IEnumerable<string> arguments, string directory, bool isDialogue = false, IReadOnlyDictionary<string, string>? environment = null)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment["HOME"] = directory; // no settings of the person who runs the tests
        DropProxies(info);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        return new ClientProcess(Process.Start(info) ?? throw new InvalidOperationException($"{program} did not start."), isDialogue);
    }

    /// <summary>A program under test reaches what it names, not somebody's proxy.</summary>
    internal static void DropProxies(ProcessStartInfo info)
    {
        foreach (var name in new[] { "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY" })
        {
            info.Environment.Remove(name);
        }
    }

    /// <summary>The full path of a program, or null when it is not installed.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Concat(["/usr/bin", "/usr/sbin", "/usr/local/bin"])
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Writes one line.</summary>
    public async Task SayAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line).ConfigureAwait(false);
        await _process.StandardInput.FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Writes one line and returns the next line of the answer.</summary>
    public async Task<string> AskAsync(string line, TimeSpan timeout)
    {
        await SayAsync(line).ConfigureAwait(false);
        return await NextLineAsync(timeout).ConfigureAwait(false);
    }

    /// <summary>The next line of standard output.</summary>
    public async Task<string> NextLineAsync(TimeSpan timeout)
    {
        var answers = _answers ?? throw new InvalidOperationException("This process holds no dialogue.");
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            return await answers.Reader.ReadAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            throw new TimeoutException($"No answer{(HasExited ? ", it has ended" : "")}; it wrote: {Output}", exception);
        }
    }

    /// <summary>Waits until it listens there; when it does not, it is killed and the exception tells what it wrote.</summary>
    public async Task UntilListeningAsync(IPAddress address, int port)
    {
        try
        {
            await LoopbackFixture.UntilListeningAsync(address, port, StartTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            await DisposeAsync().ConfigureAwait(false);
            throw new TimeoutException($"{exception.Message}; it wrote: {Output}", exception);
        }
    }

    /// <summary>Sends a signal by name, for example "HUP".</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Id}"]);
        await kill.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>Waits until it ends by itself and returns its exit code.</summary>
    public async Task<int> UntilExitedAsync(TimeSpan timeout)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(timeout).ConfigureAwait(false);
            return _process.ExitCode;
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"It still runs after {timeout.TotalSeconds:0} s; it wrote: {Output}", exception);
        }
    }

    /// <summary>Kills it and waits for its end; a second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private void OnLine(string? line, bool isAnswer)
    {
        if (line is null)
        {
            if (isAnswer)
            {
                _answers?.Writer.TryComplete();
            }

            return;
        }

        if (isAnswer && _answers is not null)
        {
            _answers.Writer.TryWrite(line);
            return;
        }

        _lines.Enqueue(line);
        while (_lines.Count > KeptLines)
        {
            _lines.TryDequeue(out _);
        }
    }
}
