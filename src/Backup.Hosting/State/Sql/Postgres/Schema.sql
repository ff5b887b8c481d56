-- The contract with the provider is the table OrleansQuery, the parameters' names and the result columns; the rest is ours.
CREATE TABLE IF NOT EXISTS orleansquery (
    querykey  text NOT NULL PRIMARY KEY,
    querytext text NOT NULL
);

-- A grain's state. The grain's class is not part of the key: the state's name stands for it.
CREATE TABLE IF NOT EXISTS grainstate (
    serviceid     text        NOT NULL,
    statename     text        NOT NULL,
    keyn0         bigint      NOT NULL,
    keyn1         bigint      NOT NULL,
    keytext       text        NOT NULL,
    payloadbinary bytea       NULL,
    version       integer     NOT NULL,
    modified      timestamptz NOT NULL,
    PRIMARY KEY (serviceid, statename, keytext, keyn0, keyn1)
);

CREATE TABLE IF NOT EXISTS grainreminder (
    serviceid    text        NOT NULL,
    grainid      text        NOT NULL,
    remindername text        NOT NULL,
    starttime    timestamptz NOT NULL,
    period       bigint      NOT NULL,
    grainhash    integer     NOT NULL,
    version      integer     NOT NULL,
    PRIMARY KEY (serviceid, grainid, remindername)
);

-- Every silo reads its range of hashes every few minutes.
CREATE INDEX IF NOT EXISTS grainreminder_hash ON grainreminder (serviceid, grainhash);
