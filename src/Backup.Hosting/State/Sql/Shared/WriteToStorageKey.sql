-- The first write inserts, a later one updates the version it read; no row comes back when another activation was first.
UPDATE grainstate
   SET payloadbinary = @PayloadBinary, version = version + 1, modified = CURRENT_TIMESTAMP
 WHERE serviceid = @ServiceId
   AND statename = @GrainTypeString
   AND keyn0 = @GrainIdN0
   AND keyn1 = @GrainIdN1
   AND keytext = coalesce(@GrainIdExtensionString, '')
   AND version = @GrainStateVersion
RETURNING version AS NewGrainStateVersion;

INSERT INTO grainstate (serviceid, statename, keyn0, keyn1, keytext, payloadbinary, version, modified)
SELECT @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''), @PayloadBinary, 1, CURRENT_TIMESTAMP
 WHERE @GrainStateVersion IS NULL
ON CONFLICT (serviceid, statename, keytext, keyn0, keyn1) DO NOTHING
RETURNING version AS NewGrainStateVersion;
