-- Grain: proposal, that is one action for one customer (lead, contact) on one occasion.
create table ops.proposals (
    proposal_id varchar not null primary key,
    use_case varchar not null,              -- name in proposals/<use_case>.yml
    action varchar not null,                -- name there
    stage integer not null,                 -- reached by the data of the use case
    channel varchar not null,
    customer_id varchar not null,
    lead_id varchar,
    contact_id varchar,
    email varchar,                          -- to whom a mail would go
    occasion varchar not null,              -- what makes it another one than an earlier one, as JSON
    title_de varchar not null,
    title_en varchar not null,
    reason_de varchar not null,
    reason_en varchar not null,
    legal_basis_de varchar not null,
    legal_basis_en varchar not null,
    subject varchar,
    body varchar,
    sha256 varchar not null,                -- of what would be handed over; a release is of it
    author varchar,                         -- who wrote its texts; null: nobody is named
    releases_needed integer not null,
    is_control boolean not null,            -- left alone, to see what the action brings about
    night date not null,                    -- on which it was proposed first
    renewed_on date not null,               -- the last night on which it was due
    expires_on date not null,               -- the last day on which it may be handed over
    ended_on date,                          -- taken back before anybody sent it
    ended_why varchar                       -- expired | not_due | a reason of the legal gate
);

-- Grain: decision of one person on one version of a proposal. Who released is kept because two must.
create table ops.releases (
    proposal_id varchar not null,
    sha256 varchar not null,                -- of what the person saw
    person_key varchar not null,            -- the name in lower case, so that two must be two
    person varchar not null,                -- as it was written
    decision varchar not null,              -- release | reject
    comment varchar,
    decided_at timestamp not null,          -- UTC
    source varchar not null,                -- release_list | command
    primary key (proposal_id, sha256, person_key)
);

-- Grain: proposal that was handed over. The row is there before the file is, so that a run that was
-- killed in between goes on with the same ones instead of sending some twice.
create table ops.deliveries (
    proposal_id varchar not null primary key,
    sha256 varchar not null,
    place varchar not null,                 -- the file, below the home
    delivered_on date not null,             -- the night
    confirmed_at timestamp                  -- UTC; null: begun
);

-- Grain: file with decisions, in the content that was read last: so none is read twice, and none is
-- written over that somebody filled in meanwhile.
create table ops.taken_lists (
    file varchar not null primary key,      -- below the home
    sha256 varchar not null,
    shown varchar                           -- fingerprint of what a list of ours shows
);

-- Grain: row of such a file that could not be taken over; it stands on the next list.
create table ops.refused_releases (
    file varchar not null,
    row_number integer not null,
    proposal_id varchar,
    said varchar not null,                  -- what stands there
    reason varchar not null,                -- in the set language
    refused_at timestamp not null           -- UTC, the time of the file
);

create view ops.proposal_states as
select
    proposals.*,
    deliveries.delivered_on,
    deliveries.place,
    deliveries.proposal_id is not null and deliveries.confirmed_at is null as is_begun,
    coalesce(decided.released_by, []) as released_by,
    decided.rejected_by,
    decided.rejected_at,
    decided.comment,
    case
        when deliveries.proposal_id is not null then 'sent'
        when decided.rejected_by is not null then 'rejected'
        when proposals.ended_on is not null then 'ended'
        when proposals.is_control then 'control'
        when proposals.releases_needed = 0 then 'shown'
        when len(coalesce(decided.released_by, [])) >= proposals.releases_needed then 'released'
        else 'open'
    end as state
from ops.proposals as proposals
left join ops.deliveries as deliveries using (proposal_id)
left join (
    select
        releases.proposal_id,
        list(releases.person order by releases.decided_at, releases.person_key) filter (
            where releases.decision = 'release'
            and releases.sha256 = drafts.sha256
        ) as released_by,
        arg_max(releases.person, releases.decided_at) filter (
            where releases.decision = 'reject'
        ) as rejected_by,
        max(releases.decided_at) filter (where releases.decision = 'reject') as rejected_at,
        string_agg(releases.comment, '; ' order by releases.decided_at) as comment
    from ops.releases as releases
    inner join ops.proposals as drafts using (proposal_id)
    group by releases.proposal_id
) as decided using (proposal_id);
