//! The storage contract, one test function per guarantee; every store runs all of them.

pub(crate) mod admission;
pub(crate) mod burial;
pub(crate) mod caps;
pub(crate) mod claims;
pub(crate) mod commit;
pub(crate) mod dead_letters;
pub(crate) mod duplicates;
pub(crate) mod feeds;
pub(crate) mod fence;
pub(crate) mod inspection;
pub(crate) mod lease;
pub(crate) mod lines;
pub(crate) mod operator;
pub(crate) mod order;
pub(crate) mod pauses;
pub(crate) mod pools;
pub(crate) mod quarantine;
pub(crate) mod rates;
pub(crate) mod recorded_event;
pub(crate) mod records;
pub(crate) mod reports;
pub(crate) mod retries;
pub(crate) mod schedule;
pub(crate) mod waiting;
pub(crate) mod wakes;

/// Passes the list of contract tests to a macro that generates them for one store.
macro_rules! contract_tests {
    ($generate_tests:ident) => {
        $generate_tests! {
            admission:
                marked_message_is_dropped_and_recorded,
                duplicate_of_a_marked_sender_is_no_reason_for_an_answer,
                writes_take_effect_with_the_push,
                sender_beyond_the_rate_is_dropped_and_told_once,
                bucket_of_a_sender_fills_again,
                bucket_of_another_rate_mutes_no_sender,
                message_that_is_not_queued_is_known_and_recorded,
                crowded_partition_keeps_room_for_newcomers,
                commit_for_a_congested_recipient_waits,
            ;
            burial:
                burial_frees_the_group_and_queues_a_notice,
                dead_letters_are_listed_newest_first,
                buried_message_is_not_claimed_again_and_the_last_empties_its_group,
                burial_writes_with_the_move,
            ;
            caps:
                full_topic_refuses_pushes_until_a_message_completes,
                full_group_drops_the_message_and_records_it,
                dropped_message_is_accepted_when_it_is_sent_again,
                message_that_is_dropped_for_good_stays_dropped,
                depth_counts_messages_by_state,
            ;
            claims:
                claim_returns_as_many_messages_as_are_asked_for,
                claim_of_several_messages_serves_lines_in_turn,
                line_has_the_turn_of_the_group_that_was_ready_first,
                claim_of_several_messages_has_one_suspect,
                completion_claims_what_it_puts_into_the_outbox,
                refused_completion_claims_nothing,
                moves_that_wait_together_have_their_own_outcomes,
                commit_sees_what_one_that_waited_with_it_has_changed,
            ;
            commit:
                committed_writes_are_readable,
                commit_takes_any_time_to_live,
                pool_members_are_listed_in_order_of_insertion,
                commit_succeeds_when_checks_hold,
                conflicting_commit_changes_nothing_and_keeps_its_claim,
                member_check_fails_after_the_member_was_reinserted,
                conflict_returns_the_current_state,
            ;
            dead_letters:
                dead_letters_are_read_page_by_page,
                dead_letters_are_read_by_their_ids,
                replayed_letter_goes_to_the_end_of_its_mailbox,
                replayed_letters_keep_the_order_in_which_they_are_asked_for,
                replayed_letter_wakes_an_idle_mailbox,
                letter_is_replayed_once,
                letter_that_was_buried_again_is_another_one,
                replayed_letter_begins_with_no_attempt_and_no_failure,
                replayed_reply_is_waited_for_again,
                discarded_letter_is_gone_and_recorded,
                letter_of_another_store_is_refused_and_nothing_is_moved,
            ;
            duplicates:
                duplicate_push_is_ignored,
                duplicate_of_a_completed_message_is_ignored,
                duplicate_push_queues_no_second_reply,
                push_under_another_id_of_an_accepted_message_is_ignored,
                refused_push_may_be_repeated,
            ;
            feeds:
                feed_is_read_in_order_from_any_cursor,
                follower_receives_a_line_when_it_is_published,
                following_a_silent_feed_returns_after_its_timeout,
                feed_is_trimmed_to_about_its_limit,
                publication_returns_the_position_of_its_line,
                long_feed_is_read_in_several_calls,
                line_beyond_its_age_is_removed_by_the_next_publication,
                feed_ends_at_the_age_of_its_last_line,
                line_reaches_every_waiting_follower,
                waiting_followers_delay_no_other_call,
                invalid_feed_cursor_is_refused,
            ;
            fence:
                settlement_fails_after_the_message_was_claimed_again,
                settlement_fails_after_the_lease_was_reclaimed,
                settlement_fails_after_the_message_was_completed,
                lost_lease_is_reported_before_a_conflict,
            ;
            inspection:
                head_shows_the_state_of_its_group,
                heads_are_those_that_wait_longest_on_all_lines,
                events_are_read_page_by_page,
                reader_of_events_goes_on_after_the_record_was_trimmed,
                position_in_the_record_of_another_store_is_refused,
            ;
            lease:
                expired_lease_is_reclaimed,
                no_message_is_lost_when_claims_expire_repeatedly,
                extended_lease_outlives_its_first_expiry,
                extend_reports_lost_leases_and_leaves_them_unchanged,
                expired_lease_is_reclaimed_only_on_request,
                empty_claim_reports_when_the_next_lease_expires,
            ;
            lines:
                closed_line_is_not_claimed_from, closed_transport_covers_all_its_lines,
                group_without_a_line_is_never_closed,
                closed_line_leaves_an_empty_claim_with_nothing_due,
                settlement_claims_the_next_from_an_open_line, lines_are_served_in_turn,
                busy_line_does_not_starve_another,
                line_that_was_worked_off_is_served_when_it_has_work_again,
                suspect_on_a_closed_line_waits_and_others_are_tried,
                retry_and_release_put_a_group_back_on_its_line,
            ;
            operator:
                change_of_an_operator_takes_effect_at_once,
                search_finds_a_person_in_every_place_and_no_other,
                erased_traces_are_gone_and_all_else_stays,
                erased_message_in_hand_is_lost_to_its_worker_and_its_group_goes_on,
                trace_that_has_changed_is_not_erased,
                erased_line_of_a_feed_is_read_no_more,
                mailbox_shows_what_waits_in_it_and_nothing_else,
            ;
            order:
                messages_of_a_group_are_claimed_in_order,
                group_has_one_claimed_message_at_a_time,
                groups_are_claimed_concurrently_and_in_turn,
                outbox_keeps_commit_order_per_recipient,
                inbound_and_outbox_queues_are_independent,
                one_call_completes_a_message_and_claims_the_next,
            ;
            pauses:
                pause_is_read_back_with_the_time_that_remains,
                later_pause_replaces_an_earlier_one,
                pause_ends_by_itself,
                resume_ends_a_pause_of_one_scope,
                pause_belongs_to_its_topic,
            ;
            pools:
                expired_member_is_not_sampled, expired_member_is_removed_by_the_next_upkeep,
                renewed_member_keeps_its_place_and_gets_the_new_ttl,
                member_that_comes_back_after_its_ttl_is_last, check_of_an_expired_member_conflicts,
            ;
            quarantine:
                message_with_two_lost_claims_is_a_suspect,
                one_suspect_is_claimed_at_a_time_beside_other_messages,
                settled_suspect_leaves_quarantine,
            ;
            rates:
                bucket_admits_at_its_rate,
                large_message_is_admitted_by_a_full_bucket_and_owes_the_rest,
                reserve_leaves_the_bucket_to_others,
                buckets_are_independent,
                bucket_of_another_rate_delays_no_line,
                budget_stops_at_its_limit_until_it_is_raised,
                message_counts_for_all_of_its_budgets_or_for_none,
                message_that_is_held_back_spends_nothing,
                refund_takes_back_what_was_spent,
                message_dearer_than_a_day_is_the_only_one_of_it,
                equal_texts_are_counted_once_per_message,
                equal_texts_are_counted_whatever_comes_in_between,
                repetition_ends_with_its_window,
                rates_belong_to_their_topic,
            ;
            recorded_event:
                message_without_replies_is_recorded_when_handled,
                message_with_one_reply_is_recorded_when_the_reply_is_sent,
                message_with_three_replies_is_recorded_with_the_last_one,
                buried_reply_counts_as_settled,
                buried_message_is_recorded_when_its_notices_are_sent,
                replayed_message_waits_for_its_notices_and_its_replies,
                reply_pushed_with_a_message_adds_no_event,
            ;
            records:
                event_is_read_back_as_written,
                events_can_be_filtered_by_message,
                repeated_record_of_a_rejected_message_is_ignored,
                event_log_is_trimmed_oldest_first,
                trim_removes_only_what_is_past_its_retention,
                trim_runs_at_most_once_per_interval,
                sent_messages_are_known_by_provider_id,
            ;
            reports:
                state_of_an_outbound_message_only_moves_forward,
                states_of_different_outbound_messages_are_independent,
                provider_id_of_a_reported_message_is_noted,
                provider_id_of_a_message_that_is_known_to_be_sent_is_not_noted,
                turn_is_taken_once_per_interval,
            ;
            retries:
                delayed_retry_blocks_only_its_own_group,
                delayed_retry_precedes_later_messages_of_its_group,
                push_does_not_release_a_group_with_a_delayed_retry,
                failures_and_lost_claims_are_counted_separately,
                counts_of_a_message_do_not_carry_over_to_the_next,
                note_is_returned_with_the_next_claim,
                lost_claim_keeps_outcome_unknown_until_retry_settles_it,
                release_restores_the_message_unchanged,
                release_keeps_an_earlier_lost_claim,
                facts_of_a_retry_are_recorded,
            ;
            schedule:
                wake_scheduled_without_a_commit_is_claimable_when_due,
                equal_wake_moves_to_its_new_time,
                wake_of_a_commit_is_moved_too,
                different_wakes_are_scheduled_apart,
                wake_may_be_scheduled_again_after_it_fired,
            ;
            waiting:
                push_wakes_a_waiting_consumer,
                commit_wakes_a_consumer_waiting_for_the_outbox,
                completion_wakes_a_consumer_for_what_it_does_not_claim,
                completion_that_claims_an_older_message_wakes_a_consumer_for_its_own,
                schedule_wakes_a_waiting_consumer,
                wait_returns_after_its_timeout,
            ;
            wakes:
                immediate_wake_is_claimable_at_once,
                scheduled_wake_is_claimable_when_due,
                pending_wakes_of_one_id_are_coalesced,
                wakes_of_one_id_with_different_payloads_are_all_delivered,
                wake_after_completion_of_the_same_id_is_delivered,
                wake_during_a_claim_of_the_same_id_is_queued,
                names_may_contain_any_character,
            ;
        }
    };
}

pub(crate) use contract_tests;
