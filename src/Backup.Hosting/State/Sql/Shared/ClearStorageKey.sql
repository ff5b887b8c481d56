UPDATE grainstate
   SET payloadbinary = NULL, version = version + 1, modified = CURRENT_TIMESTAMP
 WHERE serviceid = @ServiceId
   AND statename = @GrainTypeString
   AND keyn0 = @GrainIdN0
   AND keyn1 = @GrainIdN1
   AND keytext = coalesce(@GrainIdExtensionString, '')
   AND version = @GrainStateVersion
RETURNING version AS NewGrainStateVersion;
