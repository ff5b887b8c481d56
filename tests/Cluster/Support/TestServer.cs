using Backup.Hosting;
using Backup.Hosting.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Backup.Tests.Cluster.Support;

/// <summary>A running server, as Silo.Host runs it.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private TestServer(WebApplication app, BackupOptions options)
    {
        this.app = app;
        Options = options;
        Http = new HttpClient { BaseAddress = new(options.Http.Url) };
    }

    public BackupOptions Options { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => app.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public static async Task<TestServer> StartAsync(BackupOptions options)
    {
        var app = BackupServer.Build(options, silo =>
        {
            silo.Configure<Orleans.Hosting.ReminderOptions>(reminders => reminders.MinimumReminderPeriod = TimeSpan.FromMilliseconds(100));
            silo.Services.AddLogging(logging => logging.ClearProviders());
        });
        try
        {
            await app.PrepareAsync();
            await app.StartAsync();
            return new(app, options);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async Task<(int Status, string Text)> GetAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
