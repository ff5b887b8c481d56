namespace Backup.Tests.StoreSuite.Support;

/// <summary>LangGraph's tables as its setup() makes them (formats.md §2.1, §2.2, §2.8).</summary>
internal static class Tables
{
    public static string Threads(bool python, string id = "TEXT") => $$"""
        CREATE SCHEMA {s};
        CREATE TABLE {s}.checkpoint_migrations (v INTEGER PRIMARY KEY);
        CREATE TABLE {s}.checkpoints (thread_id {{id}} NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id {{id}} NOT NULL, parent_checkpoint_id {{id}}, type TEXT,
          checkpoint JSONB NOT NULL, metadata JSONB NOT NULL DEFAULT '{}', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
        CREATE TABLE {s}.checkpoint_blobs (thread_id {{id}} NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', channel TEXT NOT NULL, version TEXT NOT NULL, type TEXT NOT NULL, blob BYTEA,
          PRIMARY KEY (thread_id, checkpoint_ns, channel, version));
        CREATE TABLE {s}.checkpoint_writes (thread_id {{id}} NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id {{id}} NOT NULL, task_id {{id}} NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL,
          type TEXT, blob BYTEA NOT NULL, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
        INSERT INTO {s}.checkpoint_migrations SELECT generate_series(0, {{(python ? 9 : 4)}});
        {{(python ? Python : "")}}
        """;

    private const string Python = """
        CREATE INDEX checkpoints_thread_id_idx ON {s}.checkpoints(thread_id);
        CREATE INDEX checkpoint_blobs_thread_id_idx ON {s}.checkpoint_blobs(thread_id);
        CREATE INDEX checkpoint_writes_thread_id_idx ON {s}.checkpoint_writes(thread_id);
        ALTER TABLE {s}.checkpoint_writes ADD COLUMN task_path TEXT NOT NULL DEFAULT '';
        """;

    /// <summary>Long-term memory of the Python package, with vectors of a type <c>vector</c> in schema public.</summary>
    public const string PythonMemory = """
        CREATE TABLE {s}.store_migrations (v INTEGER PRIMARY KEY); INSERT INTO {s}.store_migrations SELECT generate_series(0, 3);
        CREATE TABLE {s}.store (prefix text NOT NULL, key text NOT NULL, value jsonb NOT NULL, created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
          expires_at TIMESTAMP WITH TIME ZONE, ttl_minutes INT, PRIMARY KEY (prefix, key));
        CREATE INDEX store_prefix_idx ON {s}.store USING btree (prefix text_pattern_ops);
        CREATE INDEX idx_store_expires_at ON {s}.store (expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE {s}.vector_migrations (v INTEGER PRIMARY KEY); INSERT INTO {s}.vector_migrations SELECT generate_series(0, 2);
        CREATE TABLE {s}.store_vectors (prefix text NOT NULL, key text NOT NULL, field_name text NOT NULL, embedding public.vector(3), created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
          updated_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (prefix, key, field_name), FOREIGN KEY (prefix, key) REFERENCES {s}.store(prefix, key) ON DELETE CASCADE);
        """;

    /// <summary>Long-term memory of the JS package.</summary>
    public const string JsMemory = """
        CREATE TABLE {s}.store_migrations (v INTEGER PRIMARY KEY); INSERT INTO {s}.store_migrations SELECT generate_series(0, 6);
        CREATE TABLE {s}.store (namespace_path TEXT NOT NULL, key TEXT NOT NULL, value JSONB NOT NULL, created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP, expires_at TIMESTAMPTZ,
          PRIMARY KEY (namespace_path, key));
        CREATE INDEX idx_store_namespace_path ON {s}.store USING btree (namespace_path);
        CREATE INDEX idx_store_value_gin ON {s}.store USING gin (value);
        CREATE FUNCTION {s}.update_updated_at_column() RETURNS TRIGGER AS $$ BEGIN NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END; $$ language 'plpgsql';
        CREATE TRIGGER update_store_updated_at BEFORE UPDATE ON {s}.store FOR EACH ROW EXECUTE FUNCTION {s}.update_updated_at_column();
        CREATE TABLE {s}.store_vectors (namespace_path TEXT NOT NULL, key TEXT NOT NULL, field_path TEXT NOT NULL, text_content TEXT NOT NULL, embedding public.vector(3), created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
          PRIMARY KEY (namespace_path, key, field_path), FOREIGN KEY (namespace_path, key) REFERENCES {s}.store(namespace_path, key) ON DELETE CASCADE);
        """;

    /// <summary>
    /// Stands in for pgvector's type where the server does not have the extension: a type of the same name that takes a dimension.
    /// </summary>
    public const string VectorDouble = """
        CREATE TYPE public.vector;
        CREATE FUNCTION public.vector_in(cstring) RETURNS public.vector LANGUAGE internal IMMUTABLE STRICT AS 'textin';
        CREATE FUNCTION public.vector_out(public.vector) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
        CREATE FUNCTION public.vector_typmod_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
        CREATE FUNCTION public.vector_typmod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
        CREATE TYPE public.vector (INPUT = public.vector_in, OUTPUT = public.vector_out, TYPMOD_IN = public.vector_typmod_in, TYPMOD_OUT = public.vector_typmod_out, LIKE = text, CATEGORY = 'U');
        """;
}
