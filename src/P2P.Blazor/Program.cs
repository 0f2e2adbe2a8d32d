using P2P.Blazor.Composition;

// Socket completions run where they arrive: one hop less per packet. The runtime reads this once, at the first socket.
const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
{
    Environment.SetEnvironmentVariable(InlineCompletions, "1");
}

return await ClientHost.RunAsync(args, Console.Error);
