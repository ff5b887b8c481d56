-- One row always: whether it was deleted.
DELETE FROM grainreminder
 WHERE serviceid = @ServiceId AND grainid = @GrainId AND remindername = @ReminderName AND version = @Version;

SELECT changes();
