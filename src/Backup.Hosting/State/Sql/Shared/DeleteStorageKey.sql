-- The provider takes an unchanged version for a conflict, hence one more than what was deleted.
DELETE FROM grainstate
 WHERE serviceid = @ServiceId
   AND statename = @GrainTypeString
   AND keyn0 = @GrainIdN0
   AND keyn1 = @GrainIdN1
   AND keytext = coalesce(@GrainIdExtensionString, '')
   AND version = @GrainStateVersion
RETURNING version + 1 AS NewGrainStateVersion;
