-- Grain: article that a model of kind recommend shows for a customer tonight.
create table ops.recommendations (
    model varchar not null,                 -- name in models/<model>.yml
    customer_id varchar not null,
    kind varchar not null,                  -- again: bought before and due | new: never bought
    rank integer not null,                  -- from 1, per model, customer and kind
    sku varchar not null,
    product_name varchar not null,          -- the number where it has no name
    product_group varchar,
    due_on date,                            -- by the customer's own rhythm; null for what is new
    strength double not null,               -- what the rank goes by; of one kind and method only
    reason_de varchar not null,
    reason_en varchar not null,
    method varchar not null,                -- own_rhythm | ease | ease_with_signals | popular_in_groups
    as_of date not null,                    -- how far the purchases reach
    night date not null,
    primary key (model, customer_id, kind, rank)
);
