using Backup.Hosting.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Dashboard;

namespace Backup.Hosting.Security;

/// <summary>The Orleans Dashboard shows grain state and topology: never without a token.</summary>
internal static partial class Dashboard
{
    private const string Path = "/dashboard";

    public static void AddOperators(this IServiceCollection services)
    {
        // The core of it only: the whole would keep keys on disk for cookies nobody gets.
        services.AddWebEncoders();
        services.AddAuthenticationCore(authentication => authentication.AddScheme<OperatorAuthentication>(OperatorAuthentication.SchemeName, null));
        services.AddAuthorizationBuilder()
            .AddPolicy(OperatorAuthentication.SchemeName, policy => policy.AddAuthenticationSchemes(OperatorAuthentication.SchemeName).RequireAuthenticatedUser());
    }

    public static void MapDashboard(this WebApplication app, BackupOptions options)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Dashboard).FullName!);
        if (options.Http.Token is not { Length: > 0 })
        {
            app.Lifetime.ApplicationStarted.Register(() => LogClosed(logger));
            return;
        }
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapOrleansDashboard(Path).RequireAuthorization(OperatorAuthentication.SchemeName);
        app.Lifetime.ApplicationStarted.Register(() => LogOpen(logger, options.Http.Url.TrimEnd('/') + Path));
    }
}
