using Backup.Contracts;
using Backup.Hosting.Configuration;
using Backup.Hosting.Security;
using Backup.Hosting.Starting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace Backup.Hosting;

/// <summary>The server: a silo, its health endpoints and its dashboard in one web host.</summary>
public static class BackupServer
{
    /// <summary>Runs until the process is asked to stop.</summary>
    /// <param name="args"><c>--config FILE</c>, or nothing where <c>BACKUP_CONFIG</c> names the file.</param>
    /// <returns>The exit code: 0, or the <see cref="ErrorKind"/> of what was wrong, which was said on standard error.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            await using var app = Build(BackupConfiguration.Load(ConfigFile(args)));
            await app.PrepareAsync();
            await app.RunAsync();
            return 0;
        }
        catch (BackupException error)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message}");
            if (error.Hint is { } hint) await Console.Error.WriteLineAsync($"hint: {hint}");
            return (int)error.Kind;
        }
    }

    /// <summary>Builds the server without starting it.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="configure">More for the silo.</param>
    /// <exception cref="BackupException">Usage: a setting is missing or not safe.</exception>
    public static WebApplication Build(BackupOptions options, Action<ISiloBuilder>? configure = null)
    {
        // Nothing of it is read from the working folder, so nothing there is watched.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Logging.ClearProviders().AddSimpleConsole(console => (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "yyyy-MM-dd HH:mm:ss.fff "));
        builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft.Orleans", LogLevel.Warning).AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.AddBackupSilo(options, configure);
        builder.Services.AddSingleton<IStartCheck, HttpPortCheck>();
        builder.Services.AddOperators();
        builder.WebHost.UseUrls(options.Http.Url);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => UseCertificate(kestrel.ApplicationServices, https)));
        return builder.Build().MapBackup();
    }

    private static void UseCertificate(IServiceProvider services, HttpsConnectionAdapterOptions https)
    {
        var certificates = services.GetRequiredService<NodeCertificates>();
        https.ServerCertificateSelector = (_, _) => certificates.Current.Certificate;
    }

    private static string? ConfigFile(string[] args) => args switch
    {
        [] => null,
        ["--config", var file] => file,
        _ => throw new BackupException(ErrorKind.Usage, $"'{string.Join(' ', args)}' is not understood", "Write --config FILE, or name the file in BACKUP_CONFIG."),
    };
}
