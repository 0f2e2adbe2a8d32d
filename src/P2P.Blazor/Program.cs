var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();
app.MapGet("/", () => "P2P.Blazor");
app.Run();
