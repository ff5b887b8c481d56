using System.Globalization;
using Backup.Abstractions;
using Backup.Contracts;
using Backup.Samples.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

// A client application of a cluster on this machine: ClientSample GATEWAY-PORT STORE ARCHIVE
// STORE is a writable store of kind memory: the application keeps its threads there.
var (gateway, store, archive) = (int.Parse(args[0], CultureInfo.InvariantCulture), args[1], args[2]);
var builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders();
builder.UseOrleansClient(client => client.UseLocalhostClustering(gateway, "backup", "backup"));
using var host = builder.Build();
await host.StartAsync();
var grains = host.Services.GetRequiredService<IGrainFactory>();

var conversation = new Conversation(grains, store, "conversation 1");
await conversation.SayAsync("hello");
await conversation.SayAsync("is anybody there?");

var catalog = grains.GetGrain<IBackupCatalogGrain>(GrainKeys.Archive(archive));
await catalog.InitAsync();
var backups = grains.GetGrain<IBackupManagerGrain>(GrainKeys.Source(store));
var backup = await backups.StartAsync(new() { Source = store, Archive = archive });
backup = await WatchAsync(grains.GetGrain<IBackupRunGrain>(GrainKeys.Run(new(backup.RunId))));
Console.WriteLine($"backup {backup.State}: {backup.Backup!.Threads} thread, {backup.Backup.Records} records");
foreach (var view in await catalog.HistoryAsync(store, conversation.Id)) Console.WriteLine($"checkpoint {view.CheckpointId} after {view.ParentId ?? "nothing"}");

await conversation.ForgetAsync();
Console.WriteLine($"forgotten: {await conversation.LastAsync() ?? "nothing is left"}");
var restores = grains.GetGrain<IRestoreManagerGrain>(GrainKeys.Target(store));
var restore = await restores.StartAsync(new() { Archive = archive, Source = store, Target = store, Threads = [conversation.Id] });
restore = await WatchAsync(grains.GetGrain<IRestoreRunGrain>(GrainKeys.Run(new(restore.RunId))));
Console.WriteLine($"restore {restore.State}: exact {restore.Restore?.Exact}");
Console.WriteLine($"last said: {await conversation.LastAsync()}");

try
{
    await catalog.ShowAsync("no-such-backup");
}
catch (BackupException error)
{
    Console.WriteLine($"{error.Kind}: {error.Message}. {error.Hint}");
}
await host.StopAsync();

static async Task<RunStatus> WatchAsync(IRunGrain run)
{
    RunStatus? last = null;
    await foreach (var status in run.WatchAsync(TimeProvider.System)) last = status;
    return last!;
}
