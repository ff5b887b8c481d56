-- One row always: whether it was deleted.
WITH deleted AS (
    DELETE FROM grainreminder
     WHERE serviceid = @ServiceId AND grainid = @GrainId AND remindername = @ReminderName AND version = @Version
 RETURNING 1
)
SELECT count(*) FROM deleted;
