//! The contract of a storage, a promise per function; any storage can be held to it.

pub(crate) mod bookkeeping;
pub(crate) mod burial;
pub(crate) mod caps;
pub(crate) mod commit;
pub(crate) mod doorbell;
pub(crate) mod duplicates;
pub(crate) mod feeds;
pub(crate) mod fence;
pub(crate) mod lease;
pub(crate) mod lines;
pub(crate) mod order;
pub(crate) mod pools;
pub(crate) mod quarantine;
pub(crate) mod records;
pub(crate) mod retries;
pub(crate) mod wakes;

/// Hands every promise to a macro that makes a test of each, for one kind of store.
macro_rules! every_promise {
    ($hold_to:ident) => {
        $hold_to! {
            bookkeeping:
                a_message_that_owes_nothing_is_recorded_by_who_handled_it,
                a_message_that_owes_one_is_recorded_with_it,
                a_message_that_owes_three_is_recorded_with_the_last,
                a_debt_that_is_buried_is_settled_too,
                a_buried_message_is_recorded_when_its_sender_has_been_told,
                what_an_accepted_message_owes_at_once_is_in_its_record,
            ;
            burial:
                a_burial_frees_the_group_and_tells_the_sender,
                dead_letters_are_listed_the_newest_first,
                a_buried_message_is_not_claimed_again_and_the_last_empties_its_group,
            ;
            caps:
                a_full_topic_takes_no_more_until_it_is_drained,
                a_full_mailbox_drops_the_message_and_says_so_in_the_record,
                depth_tells_how_much_is_where,
            ;
            commit:
                what_a_commit_writes_is_there_afterwards,
                a_pool_lists_who_has_waited_longest_first,
                reads_that_still_come_out_the_same_let_a_commit_through,
                a_commit_that_conflicts_changes_nothing_and_keeps_its_claim,
                who_left_a_pool_and_came_back_is_not_who_was_seen_there,
                a_conflict_answers_with_the_state_as_it_is_now,
            ;
            doorbell:
                a_push_rings_for_whoever_waits,
                a_commit_rings_for_whoever_waits_for_the_outbox,
                whoever_waits_for_nothing_stops_waiting,
            ;
            duplicates:
                a_message_that_comes_twice_waits_once,
                a_message_that_comes_again_after_its_completion_is_not_handled_again,
                what_an_accepted_message_owes_is_owed_once,
                a_message_that_was_refused_may_come_again,
            ;
            feeds:
                a_feed_is_read_in_the_order_of_its_lines_from_any_place,
                whoever_follows_a_feed_gets_a_line_when_it_comes,
                whoever_follows_a_silent_feed_is_let_go,
                a_feed_keeps_about_as_many_lines_as_it_is_told,
                a_place_that_is_in_no_feed_is_refused,
            ;
            fence:
                a_claim_that_somebody_else_has_by_now_settles_nothing,
                a_claim_whose_lease_was_taken_from_it_settles_nothing,
                a_claim_of_a_message_that_is_gone_settles_nothing,
                a_late_claim_does_not_conflict_it_is_lost,
            ;
            lease:
                a_claim_that_is_forgotten_comes_back_when_its_lease_ends,
                no_message_is_lost_however_often_its_claim_is_forgotten,
                a_lease_that_is_extended_outlives_its_first_end,
                extending_answers_which_leases_are_lost_and_leaves_them_alone,
                only_who_looks_for_ended_leases_finds_them,
                an_empty_answer_says_when_the_next_lease_ends,
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
            order:
                a_group_is_worked_through_in_the_order_of_its_messages,
                a_group_has_one_message_in_hand_at_a_time,
                groups_are_in_hand_side_by_side_and_take_turns,
                what_is_owed_goes_out_in_the_order_it_was_committed_per_recipient,
                the_two_queues_of_a_partition_are_apart,
                one_call_settles_a_message_and_claims_the_next,
            ;
            pools:
                expired_member_is_not_sampled, expired_member_is_removed_by_the_next_upkeep,
                renewed_member_keeps_its_place_and_gets_the_new_ttl,
                member_that_comes_back_after_its_ttl_is_last, check_of_an_expired_member_conflicts,
            ;
            quarantine:
                a_message_that_killed_two_workers_is_a_suspect,
                one_suspect_at_a_time_is_worked_on_and_others_go_on_beside_it,
                a_suspect_that_is_settled_is_a_suspect_no_more,
            ;
            records:
                an_event_is_read_back_as_it_was_written,
                the_events_of_one_message_can_be_asked_for,
                a_message_that_was_not_pushed_is_recorded_once,
                the_record_is_cut_at_its_cap_the_oldest_first,
                what_was_kept_long_enough_is_dropped_and_nothing_else,
                the_past_is_gone_through_no_more_often_than_asked,
                our_own_messages_are_known_by_the_providers_id,
            ;
            retries:
                a_delayed_retry_holds_up_its_own_group_alone_and_keeps_its_order,
                a_delayed_retry_comes_back_when_it_is_due_before_what_came_later,
                a_push_does_not_wake_a_group_whose_retry_is_not_due,
                failures_and_lost_claims_are_counted_apart,
                the_counts_of_a_message_are_not_those_of_the_next,
                a_note_reaches_whoever_claims_the_message_next,
                a_claim_that_was_lost_may_have_happened_until_a_retry_says_it_has_not,
                a_release_leaves_no_trace,
                a_released_claim_leaves_an_earlier_lost_one_on_record,
                what_a_retry_says_is_recorded,
            ;
            wakes:
                a_wake_stands_in_its_groups_mailbox_at_once,
                a_wake_for_later_waits_for_its_time,
                of_two_wakes_of_one_id_that_wait_one_is_enough,
                wakes_of_one_id_that_say_different_things_all_arrive,
                a_wake_that_comes_while_its_like_is_completed_is_not_lost,
                a_wake_that_comes_while_its_like_is_in_hand_waits_behind_it,
                a_name_may_hold_any_character,
            ;
        }
    };
}

pub(crate) use every_promise;
