-- What scores promised, and how that turned out.

-- Grain: score, role, night, entity. Scores kept for `watching.keep_days` to be compared with what
-- happened; one night of `watching.keep_every_days` and the first of each model. Of the challenger
-- there is no other trace: it is scored in silence. Whoever objects to profiling leaves this table.
create table ops.score_history (
    score varchar not null,            -- name in models/<score>.yml
    role varchar not null,             -- shown (what people saw) | challenger
    night date not null,
    entity_id varchar not null,
    customer_id varchar,
    counted_from date not null,        -- the cut-off: what it says is about the days from it on
    method varchar not null,           -- rules | model
    model_version varchar,             -- MLflow's, null for rules
    probability double,                -- 0 to 1, null for rules
    points integer not null,           -- 0 to 100
    band varchar not null,             -- high | medium | low
    primary key (score, role, night, entity_id)
);

-- Grain: score, night, measure, subject. What the step `watch_scores` found.
create table ops.score_watch (
    score varchar not null,
    night date not null,
    measure varchar not null,          -- auc | calibration | share_high | share_low | drift
    subject varchar not null,          -- role (shown | challenger); of drift the feature,
                                       -- 'score' for the score itself
    model_version varchar,
    value double,                      -- null: too few to say
    low double,                        -- 95 % interval of the value, where it has one
    high double,
    expected double,                   -- promised in training; of drift the distance usual so far
    p_value double,                    -- before the correction for several features
    n bigint not null,                 -- entities that it rests on
    is_alarm boolean not null,
    note varchar,                      -- few: too few outcomes yet | worse | off | moved
    primary key (score, night, measure, subject)
);
