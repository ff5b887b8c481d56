SELECT payloadbinary AS PayloadBinary, version AS Version
  FROM grainstate
 WHERE serviceid = @ServiceId
   AND statename = @GrainTypeString
   AND keyn0 = @GrainIdN0
   AND keyn1 = @GrainIdN1
   AND keytext = coalesce(@GrainIdExtensionString, '');
