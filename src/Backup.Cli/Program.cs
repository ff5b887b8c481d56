using Backup.Cli;

using var interruption = new Interruption();
return await BackupTool.RunAsync(args, ToolHost.OfProcess(), interruption.Token);
