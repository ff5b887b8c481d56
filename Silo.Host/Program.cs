return await Backup.Hosting.BackupServer.RunAsync(args);
