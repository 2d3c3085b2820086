-- Segments of customers and forecasts; each `model` is a YAML of models/.

-- Grain: model, customer. In which segment a customer is; whoever objects to profiling is in none.
create table ops.segments (
    model varchar not null,
    customer_id varchar not null,
    segment varchar not null,              -- a letter, or of groups what its customers share
    name_de varchar not null,
    name_en varchar not null,
    stage integer not null,
    method varchar not null,               -- groups | clusters
    model_version varchar,                 -- MLflow's, null for groups
    fitted_on date,                        -- night of the fit, null for groups
    is_far boolean not null,               -- from all segments; many such ask for a new fit
    as_of date not null,                   -- the day before which the data were known
    night date not null,
    primary key (model, customer_id)
);

-- Grain: model, month, customer. The segment at the end of a month, by the clusters in force.
create table ops.segment_months (
    model varchar not null,
    month date not null,                   -- its first day
    customer_id varchar not null,
    segment varchar not null,
    model_version varchar not null,
    primary key (model, month, customer_id)
);

-- Grain: model, segment. Every segment in force, those without a customer tonight too.
create table ops.segment_names (
    model varchar not null,
    segment varchar not null,
    place integer not null,                -- the order in which they are shown
    name_de varchar not null,
    name_en varchar not null,
    traits_de varchar[] not null,          -- what sets it apart, a line each
    traits_en varchar[] not null,
    primary key (model, segment)
);

-- Grain: model, series, unit of time. What is expected, and between what it will lie.
create table ops.forecasts (
    model varchar not null,
    series varchar not null,
    starts_on date not null,               -- first day of the day, week or month
    unit varchar not null,                 -- day | week | month
    expected double not null,
    low double not null,
    high double not null,
    promised_coverage double not null,     -- share of values that should lie between low and high
    method varchar not null,               -- mean | seasonal_naive | smoothing …
    model_version varchar,
    as_of date not null,
    night date not null,
    primary key (model, series, starts_on)
);

-- Grain: model, series. How its method was chosen, and what to know of the series.
create table ops.forecast_series (
    model varchar not null,
    series varchar not null,
    method varchar not null,
    origins integer not null,              -- from which forecasts were tried out
    error double,                          -- mean absolute error of the method, per unit of time
    baseline_error double,                 -- that of the plain mean
    coverage double,                       -- share of later values that lay inside, null: too few
    expected_total double not null,        -- over all units ahead
    low_total double not null,
    high_total double not null,
    last_year_total double,                -- over the same units a year before
    told_de varchar[] not null,            -- gaps, outliers, a short history: a sentence each
    told_en varchar[] not null,
    night date not null,
    primary key (model, series)
);
