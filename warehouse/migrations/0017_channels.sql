-- What is handed over to tools and into the CRM, beside the files in the outbox.
alter table ops.proposals add column language varchar; -- of subject and body: de | en

-- A hint that stands in the CRM's field as long as it is due does not count as sent.
alter table ops.deliveries add column is_standing boolean default false;
-- What a person said when closing the task in the CRM: done | rejected, with their words.
alter table ops.deliveries add column outcome varchar;
alter table ops.deliveries add column answer varchar;
alter table ops.deliveries add column answered_on date;

create or replace view ops.proposal_states as
select
    proposals.*,
    deliveries.delivered_on,
    deliveries.place,
    deliveries.outcome,
    deliveries.answer,
    deliveries.answered_on,
    deliveries.proposal_id is not null and deliveries.confirmed_at is null as is_begun,
    coalesce(decided.released_by, []) as released_by,
    decided.rejected_by,
    decided.rejected_at,
    decided.reject_reason,
    decided.comment,
    case
        when deliveries.proposal_id is not null and not coalesce(deliveries.is_standing, false) then 'sent'
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
        arg_max(releases.reject_reason, releases.decided_at) filter (
            where releases.decision = 'reject'
        ) as reject_reason,
        string_agg(releases.comment, '; ' order by releases.decided_at) as comment
    from ops.releases as releases
    inner join ops.proposals as drafts using (proposal_id)
    group by releases.proposal_id
) as decided using (proposal_id);
