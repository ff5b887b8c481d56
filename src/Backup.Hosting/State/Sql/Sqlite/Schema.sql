-- The contract with the provider is the table OrleansQuery, the parameters' names and the result columns; the rest is ours.
CREATE TABLE IF NOT EXISTS orleansquery (
    querykey  TEXT NOT NULL PRIMARY KEY,
    querytext TEXT NOT NULL
);

-- A grain's state. The grain's class is not part of the key: the state's name stands for it.
CREATE TABLE IF NOT EXISTS grainstate (
    serviceid     TEXT    NOT NULL,
    statename     TEXT    NOT NULL,
    keyn0         INTEGER NOT NULL,
    keyn1         INTEGER NOT NULL,
    keytext       TEXT    NOT NULL,
    payloadbinary BLOB    NULL,
    version       INTEGER NOT NULL,
    modified      TEXT    NOT NULL,
    PRIMARY KEY (serviceid, statename, keytext, keyn0, keyn1)
);

CREATE TABLE IF NOT EXISTS grainreminder (
    serviceid    TEXT    NOT NULL,
    grainid      TEXT    NOT NULL,
    remindername TEXT    NOT NULL,
    starttime    TEXT    NOT NULL,
    period       INTEGER NOT NULL,
    grainhash    INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    PRIMARY KEY (serviceid, grainid, remindername)
);

-- Every silo reads its range of hashes every few minutes.
CREATE INDEX IF NOT EXISTS grainreminder_hash ON grainreminder (serviceid, grainhash);
