using Backup.Contracts;
using Microsoft.Extensions.Logging;

namespace Backup.Grains.Wire;

/// <summary>Makes the errors of this product's grains portable, and logs those that nobody foresaw.</summary>
internal sealed class PortableErrors(ILogger<PortableErrors> logger) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception error) when (context.InterfaceMethod.DeclaringType?.Assembly == typeof(Abstractions.GrainKeys).Assembly && error is not OwnershipLostException)
        {
            if (!WireErrors.IsKnown(error)) WireLog.Unexpected(logger, error, context.InterfaceMethod.Name, context.TargetId.ToString());
            throw WireErrors.Portable(error);
        }
    }
}
