using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace P2P.Harness;

/// <summary>This program once more, or another one, as the process under test; its lines on standard output arrive through a pipe outside the disk under test.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Task _pump;

    /// <summary>Starts it with a command line of its own. <paramref name="program"/>: null for this program.</summary>
    public ChildProcess(IReadOnlyList<string> arguments, string? program = null)
    {
        _process = Process.Start(new ProcessStartInfo(program ?? Environment.ProcessPath!, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        _pump = PumpAsync();
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Lines printed so far and not read yet, in order; ends when the process has ended.</summary>
    public ChannelReader<string> Lines => _lines.Reader;

    /// <summary>It ended by itself.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Sends a line to its standard input.</summary>
    public void Send(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>kill -9; returns when it is dead and all it printed can be read.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await EndedAsync();
    }

    /// <summary>Waits for the end; returns the exit code.</summary>
    public async Task<int> EndedAsync()
    {
        await _process.WaitForExitAsync();
        await _pump;
        return _process.ExitCode;
    }

    /// <summary>Reads lines until one begins with <paramref name="prefix"/> and returns it; null when the process ended first.</summary>
    public async Task<string?> WaitForAsync(string prefix, Action<string>? visit = null)
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            while (_lines.Reader.TryRead(out var line))
            {
                visit?.Invoke(line);
                if (line.StartsWith(prefix, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    /// <summary>Takes whole lines only: one without its end was cut by the kill and says nothing.</summary>
    private async Task PumpAsync()
    {
        var line = new StringBuilder();
        var buffer = new char[4096];
        int read;
        while ((read = await _process.StandardOutput.ReadAsync(buffer)) > 0)
        {
            foreach (var letter in buffer.AsSpan(0, read))
            {
                if (letter != '\n')
                {
                    line.Append(letter);
                    continue;
                }

                _lines.Writer.TryWrite(line.ToString());
                line.Clear();
            }
        }

        _lines.Writer.Complete();
    }
}
