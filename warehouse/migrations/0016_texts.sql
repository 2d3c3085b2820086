-- Models of texts (`kind: text` in models/*.yml).

-- Grain: model and text. A vector for each text, made once; deleted the night its text is gone.
create table ops.text_embeddings (
    model varchar not null,                 -- name of the YAML in models/
    sha256 varchar not null,                -- of the cleaned text
    engine varchar not null,                -- what made it
    vector float[] not null,
    embedded_on date not null,              -- the night that made it
    primary key (model, sha256)
);

-- Grain: model and text. What tonight's model, or a person, says of it.
create table ops.text_labels (
    model varchar not null,                 -- name of the YAML in models/
    source varchar not null,                -- ticket, interaction …
    text_id varchar not null,
    customer_id varchar not null,
    said_at timestamp not null,             -- UTC
    category varchar,
    probability double,                     -- that it is positive; null: no model is in force
    is_positive boolean not null,           -- in the sense of the YAML: dissatisfied, say
    is_said boolean not null,               -- by a person; else by the model
    sentence varchar,                       -- which weighs most; null where it is not positive
    method varchar not null,                -- embedding | words | said (no model)
    night date not null,
    primary key (model, source, text_id)
);
