DELETE FROM grainreminder WHERE serviceid = @ServiceId;
