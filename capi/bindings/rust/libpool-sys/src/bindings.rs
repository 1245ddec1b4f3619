// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors
//
// Made by bindgen.sh from pool.h; not to be edited.

pub const POOL_UNBOUNDED: u32 = 4294967295;
pub const POOL_TASK_COPY_MAX: u32 = 48;
pub const POOL_FAILURE_TEXT_MAX: u32 = 128;
pub type pool_status_t = i32;
pub const POOL_OK: _bindgen_ty_1 = 0;
pub const POOL_EINVAL: _bindgen_ty_1 = -1;
pub const POOL_EBADHANDLE: _bindgen_ty_1 = -2;
pub const POOL_ENOMEM: _bindgen_ty_1 = -3;
pub const POOL_ETHREAD: _bindgen_ty_1 = -4;
pub const POOL_EFULL: _bindgen_ty_1 = -5;
pub const POOL_ETIMEDOUT: _bindgen_ty_1 = -6;
pub const POOL_ECLOSED: _bindgen_ty_1 = -7;
pub const POOL_ECANCELED: _bindgen_ty_1 = -8;
pub const POOL_EDEADLK: _bindgen_ty_1 = -9;
pub const POOL_EFORKED: _bindgen_ty_1 = -10;
pub const POOL_EBUSY: _bindgen_ty_1 = -11;
pub const POOL_EFAILED: _bindgen_ty_1 = -12;
pub const POOL_EINTERNAL: _bindgen_ty_1 = -13;
pub type _bindgen_ty_1 = ::std::os::raw::c_int;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct pool_handle {
    pub id: u64,
}
pub type pool_t = pool_handle;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct pool_group_handle {
    pub id: u64,
}
pub type pool_group_t = pool_group_handle;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct pool_job_handle {
    pub id: u64,
}
pub type pool_job_t = pool_job_handle;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct pool_timer_handle {
    pub id: u64,
}
pub type pool_timer_t = pool_timer_handle;
pub type pool_task_fn = ::std::option::Option<
    unsafe extern "C" fn(ctx: *mut ::std::os::raw::c_void) -> i32,
>;
pub type pool_drop_fn = ::std::option::Option<
    unsafe extern "C" fn(ctx: *mut ::std::os::raw::c_void),
>;
pub type pool_apply_fn = ::std::option::Option<
    unsafe extern "C" fn(ctx: *mut ::std::os::raw::c_void, index: u64) -> i32,
>;
pub type pool_job_fn = ::std::option::Option<
    unsafe extern "C" fn(
        ctx: *mut ::std::os::raw::c_void,
        result: *mut *mut ::std::os::raw::c_void,
    ) -> i32,
>;
pub type pool_notify_fn = ::std::option::Option<
    unsafe extern "C" fn(
        ctx: *mut ::std::os::raw::c_void,
        outcome: pool_status_t,
    ),
>;
pub type pool_hook_fn = ::std::option::Option<
    unsafe extern "C" fn(user: *mut ::std::os::raw::c_void),
>;
pub type pool_log_fn = ::std::option::Option<
    unsafe extern "C" fn(
        user: *mut ::std::os::raw::c_void,
        level: i32,
        message: *const ::std::os::raw::c_char,
    ),
>;
pub const POOL_OVERFLOW_DEFAULT: _bindgen_ty_2 = 0;
pub const POOL_OVERFLOW_BLOCK: _bindgen_ty_2 = 1;
pub const POOL_OVERFLOW_REJECT: _bindgen_ty_2 = 2;
pub const POOL_OVERFLOW_CALLER_RUNS: _bindgen_ty_2 = 3;
pub const POOL_OVERFLOW_DISCARD_OLDEST: _bindgen_ty_2 = 4;
pub const POOL_OVERFLOW_DISCARD_NEWEST: _bindgen_ty_2 = 5;
pub type _bindgen_ty_2 = ::std::os::raw::c_uint;
pub const POOL_WAKE_DEFAULT: _bindgen_ty_3 = 0;
pub const POOL_WAKE_THRIFTY: _bindgen_ty_3 = 1;
pub const POOL_WAKE_EAGER: _bindgen_ty_3 = 2;
pub type _bindgen_ty_3 = ::std::os::raw::c_uint;
pub const POOL_HELP_DEFAULT: _bindgen_ty_4 = 0;
pub const POOL_HELP_NEVER: _bindgen_ty_4 = 1;
pub const POOL_HELP_UNTIMED: _bindgen_ty_4 = 2;
pub const POOL_HELP_ALWAYS: _bindgen_ty_4 = 3;
pub type _bindgen_ty_4 = ::std::os::raw::c_uint;
pub const POOL_LOG_DEFAULT: _bindgen_ty_5 = 0;
pub const POOL_LOG_INFO: _bindgen_ty_5 = 1;
pub const POOL_LOG_WARNING: _bindgen_ty_5 = 2;
pub const POOL_LOG_ERROR: _bindgen_ty_5 = 3;
pub const POOL_LOG_OFF: _bindgen_ty_5 = 4;
pub type _bindgen_ty_5 = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct pool_options {
    pub struct_size: u32,
    pub min_workers: u32,
    pub max_workers: u32,
    pub burst_workers: u32,
    pub prestart: u32,
    pub queue_capacity: u32,
    pub overflow: u32,
    pub wake_policy: u32,
    pub help: u32,
    pub log_level: u32,
    pub overflow_timeout: i64,
    pub idle_timeout: i64,
    pub burst_delay: i64,
    pub stack_size: u64,
    pub name: *const ::std::os::raw::c_char,
    pub on_thread_start: pool_hook_fn,
    pub on_thread_stop: pool_hook_fn,
    pub hook_user: *mut ::std::os::raw::c_void,
    pub log: pool_log_fn,
    pub log_user: *mut ::std::os::raw::c_void,
    pub timing: u64,
}
impl Default for pool_options {
    fn default() -> Self {
        let mut s = ::std::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::std::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type pool_options_t = pool_options;
pub const POOL_SHUTDOWN_DRAIN: _bindgen_ty_6 = 1;
pub const POOL_SHUTDOWN_CANCEL: _bindgen_ty_6 = 2;
pub type _bindgen_ty_6 = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct pool_stats_values {
    pub struct_size: u32,
    pub workers: u32,
    pub workers_idle: u32,
    pub workers_peak: u32,
    pub queued: u64,
    pub running: u64,
    pub workers_created: u64,
    pub workers_left: u64,
    pub blocked: u64,
    pub rejected: u64,
    pub caller_runs: u64,
    pub discarded: u64,
    pub workers_blocked: u64,
    pub workers_burst: u64,
    pub finished: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub helps: u64,
    pub wakes: u64,
    pub steals: u64,
    pub longest_run: i64,
    pub oldest_wait: i64,
}
pub type pool_stats_t = pool_stats_values;
pub const POOL_PARENT_NONE: _bindgen_ty_7 = 0;
pub const POOL_PARENT_GROUP: _bindgen_ty_7 = 1;
pub const POOL_PARENT_CURRENT: _bindgen_ty_7 = 2;
pub type _bindgen_ty_7 = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct pool_group_options {
    pub struct_size: u32,
    pub overflow: u32,
    pub queue_capacity: u32,
    pub max_concurrency: u32,
    pub weight: u32,
    pub help: u32,
    pub fail_fast: u32,
    pub keep_jobs: u32,
    pub parent_kind: u32,
    pub limit_counts_suspended: u32,
    pub overflow_timeout: i64,
    pub parent: pool_group_t,
    pub name: *const ::std::os::raw::c_char,
}
impl Default for pool_group_options {
    fn default() -> Self {
        let mut s = ::std::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::std::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type pool_group_options_t = pool_group_options;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct pool_task {
    pub struct_size: u32,
    pub overflow: u32,
    pub fn_: pool_task_fn,
    pub ctx: *mut ::std::os::raw::c_void,
    pub drop: pool_drop_fn,
    pub copy_size: u64,
    pub overflow_timeout: i64,
    pub delay: i64,
    pub start_at: i64,
    pub timer: *mut pool_timer_t,
}
impl Default for pool_task {
    fn default() -> Self {
        let mut s = ::std::mem::MaybeUninit::<Self>::uninit();
        unsafe {
            ::std::ptr::write_bytes(s.as_mut_ptr(), 0, 1);
            s.assume_init()
        }
    }
}
pub type pool_task_t = pool_task;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct pool_group_stats_values {
    pub struct_size: u32,
    pub reserved: u32,
    pub submitted: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub queued: u64,
    pub running: u64,
    pub discarded: u64,
    pub waiters: u64,
    pub oldest_wait: i64,
}
pub type pool_group_stats_t = pool_group_stats_values;
pub const POOL_TASK_AGAIN: _bindgen_ty_8 = -2147483645;
pub type _bindgen_ty_8 = ::std::os::raw::c_int;
extern "C" {
    pub fn pool_status_name(status: pool_status_t) -> *const ::std::os::raw::c_char;
    pub fn pool_status_str(status: pool_status_t) -> *const ::std::os::raw::c_char;
    pub fn pool_version() -> u32;
    pub fn pool_version_string() -> *const ::std::os::raw::c_char;
    pub fn pool_options_init(options: *mut pool_options_t, size: usize) -> pool_status_t;
    pub fn pool_create(
        options: *const pool_options_t,
        pool: *mut pool_t,
    ) -> pool_status_t;
    pub fn pool_default(pool: *mut pool_t) -> pool_status_t;
    pub fn pool_default_configure(options: *const pool_options_t) -> pool_status_t;
    pub fn pool_resize(
        pool: pool_t,
        min_workers: u32,
        max_workers: u32,
    ) -> pool_status_t;
    pub fn pool_submit(
        pool: pool_t,
        fn_: pool_task_fn,
        ctx: *mut ::std::os::raw::c_void,
    ) -> pool_status_t;
    pub fn pool_shutdown(pool: pool_t, mode: i32, timeout: i64) -> pool_status_t;
    pub fn pool_destroy(pool: pool_t) -> pool_status_t;
    pub fn pool_stats(
        pool: pool_t,
        stats: *mut pool_stats_t,
        size: usize,
    ) -> pool_status_t;
    pub fn pool_group_options_init(
        options: *mut pool_group_options_t,
        size: usize,
    ) -> pool_status_t;
    pub fn pool_group_create(
        pool: pool_t,
        options: *const pool_group_options_t,
        group: *mut pool_group_t,
    ) -> pool_status_t;
    pub fn pool_group_submit(
        group: pool_group_t,
        fn_: pool_task_fn,
        ctx: *mut ::std::os::raw::c_void,
    ) -> pool_status_t;
    pub fn pool_task_init(task: *mut pool_task_t, size: usize) -> pool_status_t;
    pub fn pool_group_submit_task(
        group: pool_group_t,
        task: *const pool_task_t,
    ) -> pool_status_t;
    pub fn pool_group_submit_after(
        group: pool_group_t,
        delay: i64,
        fn_: pool_task_fn,
        ctx: *mut ::std::os::raw::c_void,
        timer: *mut pool_timer_t,
    ) -> pool_status_t;
    pub fn pool_timer_cancel(timer: pool_timer_t) -> pool_status_t;
    pub fn pool_timer_fire(timer: pool_timer_t) -> pool_status_t;
    pub fn pool_group_submit_n(
        group: pool_group_t,
        fn_: pool_task_fn,
        ctxs: *const *mut ::std::os::raw::c_void,
        count: usize,
        drop: pool_drop_fn,
        accepted: *mut usize,
    ) -> pool_status_t;
    pub fn pool_group_apply(
        group: pool_group_t,
        count: u64,
        grain: u64,
        fn_: pool_apply_fn,
        ctx: *mut ::std::os::raw::c_void,
    ) -> pool_status_t;
    pub fn pool_group_enter(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_leave(group: pool_group_t, outcome: i32) -> pool_status_t;
    pub fn pool_group_wait(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_wait_for(group: pool_group_t, timeout: i64) -> pool_status_t;
    pub fn pool_group_poll(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_destroy(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_detach(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_notify(
        group: pool_group_t,
        fn_: pool_notify_fn,
        ctx: *mut ::std::os::raw::c_void,
    ) -> pool_status_t;
    pub fn pool_group_set_eventfd(group: pool_group_t, fd: i32) -> pool_status_t;
    pub fn pool_group_cancel(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_suspend(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_resume(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_reset(group: pool_group_t) -> pool_status_t;
    pub fn pool_group_name(
        group: pool_group_t,
        text: *mut ::std::os::raw::c_char,
        text_size: usize,
    ) -> pool_status_t;
    pub fn pool_group_stats(
        group: pool_group_t,
        stats: *mut pool_group_stats_t,
        size: usize,
    ) -> pool_status_t;
    pub fn pool_group_failure(
        group: pool_group_t,
        code: *mut i32,
        text: *mut ::std::os::raw::c_char,
        text_size: usize,
    ) -> pool_status_t;
    pub fn pool_task_cancelled() -> i32;
    pub fn pool_current_pool(pool: *mut pool_t) -> pool_status_t;
    pub fn pool_current_group(group: *mut pool_group_t) -> pool_status_t;
    pub fn pool_worker_index() -> i32;
    pub fn pool_blocking_begin() -> pool_status_t;
    pub fn pool_blocking_end() -> pool_status_t;
    pub fn pool_task_set_failure(
        code: i32,
        text: *const ::std::os::raw::c_char,
    ) -> pool_status_t;
    pub fn pool_task_again_after(delay: i64) -> i32;
    pub fn pool_task_suspend(timeout: i64, timer: *mut pool_timer_t) -> i32;
    pub fn pool_group_submit_job(
        group: pool_group_t,
        fn_: pool_job_fn,
        ctx: *mut ::std::os::raw::c_void,
        drop: pool_drop_fn,
        drop_result: pool_drop_fn,
        job: *mut pool_job_t,
    ) -> pool_status_t;
    pub fn pool_job_wait(job: pool_job_t) -> pool_status_t;
    pub fn pool_job_wait_for(job: pool_job_t, timeout: i64) -> pool_status_t;
    pub fn pool_job_status(job: pool_job_t, code: *mut i32) -> pool_status_t;
    pub fn pool_job_result(
        job: pool_job_t,
        result: *mut *mut ::std::os::raw::c_void,
    ) -> pool_status_t;
    pub fn pool_job_cancel(job: pool_job_t) -> pool_status_t;
    pub fn pool_job_release(job: pool_job_t) -> pool_status_t;
    pub fn pool_group_jobs(
        group: pool_group_t,
        jobs: *mut pool_job_t,
        capacity: usize,
        count: *mut usize,
    ) -> pool_status_t;
}
