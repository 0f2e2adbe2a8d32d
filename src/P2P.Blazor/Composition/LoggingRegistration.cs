using P2P.Blazor.Configuration;
using Serilog;
using Serilog.Events;

namespace P2P.Blazor.Composition;

/// <summary>Serilog to the console and to a rolling file under the data directory.</summary>
internal static class LoggingRegistration
{
    private const string Template = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff zzz} [{Level:u3}] {SourceContext}: {Message:lj}{NewLine}{Exception}";

    // A month of quiet days, or 14 files of 16 MiB on loud ones: the log never fills a disk.
    private const int KeptFiles = 14;
    private const long FileBytes = 16 << 20;

    /// <summary>Replaces the default providers. A log folder that cannot be written leaves the console; the start itself goes on.</summary>
    public static IServiceCollection AddClientLogging(this IServiceCollection services, HostSettings host, string dataDirectory) =>
        services.AddSerilog(
            (_, logging) => logging
                .MinimumLevel.Is(Level(host.LogLevel))
                .MinimumLevel.Override("Microsoft", AtLeast(host, LogEventLevel.Warning))
                .MinimumLevel.Override("Microsoft.Hosting.Lifetime", AtLeast(host, LogEventLevel.Information))
                .MinimumLevel.Override("System", AtLeast(host, LogEventLevel.Warning))
                // The key ring's protection is the folder's permissions; a warning on every start says nothing new.
                .MinimumLevel.Override("Microsoft.AspNetCore.DataProtection", LogEventLevel.Error)
                // Refused starts are told once, in one sentence, by ClientHost.
                .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
                .Enrich.With<PrintableText>()
                .WriteTo.Console(outputTemplate: Template, formatProvider: System.Globalization.CultureInfo.InvariantCulture)
                .WriteTo.File(
                    Path.Combine(dataDirectory, "logs", "p2p-.log"),
                    outputTemplate: Template,
                    formatProvider: System.Globalization.CultureInfo.InvariantCulture,
                    rollingInterval: RollingInterval.Day,
                    rollOnFileSizeLimit: true,
                    fileSizeLimitBytes: FileBytes,
                    retainedFileCountLimit: KeptFiles),
            preserveStaticLogger: true);

    private static LogEventLevel AtLeast(HostSettings host, LogEventLevel level) => (LogEventLevel)Math.Max((int)Level(host.LogLevel), (int)level);

    private static LogEventLevel Level(LogLevel level) => level switch
    {
        LogLevel.Trace => LogEventLevel.Verbose,
        LogLevel.Debug => LogEventLevel.Debug,
        LogLevel.Information => LogEventLevel.Information,
        LogLevel.Warning => LogEventLevel.Warning,
        LogLevel.Error => LogEventLevel.Error,
        _ => LogEventLevel.Fatal,
    };
}
