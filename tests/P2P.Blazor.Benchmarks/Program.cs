using P2P.Blazor.Benchmarks;

// page [beats] [row]  what each page costs server, wire and browser per beat: one table (needs Chromium)
// page-host ...      the process measured; started by the above
return args.FirstOrDefault() switch
{
    "page" => await PageTable.RunAsync(args[1..]),
    PageHost.Name => await PageHost.RunAsync(args[1..]),
    _ => PageTable.Usage(),
};
