using Backup.Hosting.Configuration;
using Microsoft.AspNetCore.Authentication;
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
        services.AddAuthentication(OperatorAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, OperatorAuthentication>(OperatorAuthentication.SchemeName, null);
        services.AddAuthorizationBuilder()
            .AddPolicy(OperatorAuthentication.SchemeName, policy => policy.AddAuthenticationSchemes(OperatorAuthentication.SchemeName).RequireAuthenticatedUser());
    }

    public static void MapDashboard(this WebApplication app, BackupOptions options)
    {
        if (options.Http.Token is not { Length: > 0 })
        {
            LogClosed(app.Logger);
            return;
        }
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapOrleansDashboard(Path).RequireAuthorization(OperatorAuthentication.SchemeName);
        LogOpen(app.Logger, options.Http.Url.TrimEnd('/') + Path);
    }
}
