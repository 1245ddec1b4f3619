// SPDX-License-Identifier: MIT
// Copyright (c) the libpool authors

//! Tasks: what a closure may return, how it is run so that no panic leaves it, and how it is given to the library.

use crate::error::{check, Failure, Refused};
use crate::options::SpawnOptions;
use crate::panic::{contain, discard, keep_for, message_of, Payload};
use crate::timer::Timer;
use libpool_sys as sys;
use std::ffi::c_void;
use std::fmt::{self, Display, Write};
use std::marker::PhantomData;
use std::mem::{align_of, forget, needs_drop, size_of, transmute, MaybeUninit};
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

/// What a task's closure may return: nothing, or a `Result<(), E>` whose error makes the task a failure, with the
/// error's text. Nobody but this crate can implement it.
pub trait Outcome: sealed::Sealed {
    #[doc(hidden)]
    fn code(self) -> i32;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<E> Sealed for Result<(), E> {}
}

impl Outcome for () {
    #[inline]
    fn code(self) -> i32 {
        0
    }
}

impl<E: Display> Outcome for Result<(), E> {
    #[inline]
    fn code(self) -> i32 {
        match self {
            Ok(()) => 0,
            Err(error) => fail_with(Failure::ERROR, error),
        }
    }
}

/// Makes the current task a failure and returns `code` for it to return.
pub(crate) fn fail_with(code: i32, text: impl Display) -> i32 {
    let mut kept = Text::default();
    let _ = write!(kept, "{text}"); // what does not fit is cut
    set_failure(code, &kept);
    code
}

pub(crate) fn set_failure(code: i32, text: &Text) -> sys::pool_status_t {
    // SAFETY: the text ends with a NUL and is copied.
    unsafe { sys::pool_task_set_failure(code, text.0.as_ptr().cast()) }
}

/// The text of a failure, without an allocation: bytes that end with a NUL.
pub(crate) struct Text([u8; Text::SIZE]);

impl Text {
    pub(crate) const SIZE: usize = sys::POOL_FAILURE_TEXT_MAX as usize;

    pub(crate) fn as_mut_ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr().cast()
    }

    fn len(&self) -> usize {
        self.0.iter().position(|byte| *byte == 0).unwrap_or(Text::SIZE)
    }
}

impl Default for Text {
    fn default() -> Self {
        Text([0; Text::SIZE])
    }
}

impl Write for Text {
    /// Leaves out NULs, and whatever does not fit; never half of a character.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut end = self.len();
        for character in text.chars().filter(|character| *character != '\0') {
            if end + character.len_utf8() >= Text::SIZE {
                return Err(fmt::Error);
            }
            end += character.encode_utf8(&mut self.0[end..]).len();
        }
        Ok(())
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0[..self.len()]))
    }
}

/// What becomes of the payload of a task that panicked.
pub(crate) trait Keep {
    fn keep(payload: Payload);
}

/// A task of a group: the text is kept, as the group's failure.
pub(crate) struct OfGroup;
/// A task of a scope, which rethrows the first.
pub(crate) struct OfScope;

impl Keep for OfGroup {
    fn keep(payload: Payload) {
        discard(payload);
    }
}

impl Keep for OfScope {
    fn keep(payload: Payload) {
        match crate::this_task::group() {
            Some(group) => keep_for(group.handle().id, payload),
            None => discard(payload),
        }
    }
}

/// Runs what a task is to do, and returns its code; a panic becomes its failure and goes to `keep`.
pub(crate) fn run_guarded(body: impl FnOnce() -> i32, keep: impl FnOnce(Payload)) -> i32 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        fail_with(Failure::PANIC, message_of(&payload));
        keep(payload);
        Failure::PANIC
    })
}

/// The callbacks of a closure `F`, which comes in one of three ways:
///
/// - by itself, as the bits of the context pointer: up to 8 bytes with nothing to drop, a reference for example;
/// - copied into the task: up to 48 bytes. Any Rust value may be moved by its bytes. What needs a drop is an `Option`
///   there, which the run empties, so that the drop that follows finds nothing to do;
/// - as a box, which is a closure that is copied.
///
/// The library calls `run` at most once, then `drop` exactly once, and orders the two.
struct Callbacks<F, O, K>(PhantomData<(F, O, K)>);

type Bits = MaybeUninit<*mut c_void>; // with `F`'s padding, which is not initialized

impl<F: FnOnce() -> O, O: Outcome, K: Keep> Callbacks<F, O, K> {
    const AS_BITS: bool = size_of::<F>() <= size_of::<Bits>() && align_of::<F>() <= align_of::<Bits>();
    // (Nothing at all cannot be copied; its box takes no memory.)
    const IS_COPIED: bool = if needs_drop::<F>() { fits::<Option<F>>() } else { fits::<F>() && size_of::<F>() != 0 };

    fn call(closure: F) -> i32 {
        run_guarded(|| closure().code(), K::keep)
    }

    /// Requires: the bits are those of an `F`, which is not used again.
    unsafe extern "C" fn run_bits(bits: Bits) -> i32 {
        // SAFETY: as required; `F` fits.
        Self::call(unsafe { ptr::read((&bits as *const Bits).cast()) })
    }

    /// Requires: `copy` is an `F`, which is not used again.
    unsafe extern "C" fn run_plain(copy: *mut c_void) -> i32 {
        // SAFETY: as required.
        Self::call(unsafe { ptr::read(copy.cast()) })
    }

    /// Requires: `copy` is an `Option<F>` that is not empty.
    unsafe extern "C" fn run(copy: *mut c_void) -> i32 {
        // SAFETY: as required; until the drop nobody else looks at it.
        match unsafe { (*copy.cast::<Option<F>>()).take() } {
            Some(closure) => Self::call(closure),
            None => 0,
        }
    }

    /// Requires: `copy` is an `Option<F>`, which is not used again.
    unsafe extern "C" fn drop(copy: *mut c_void) {
        // SAFETY: as required.
        contain(|| drop(unsafe { ptr::read(copy.cast::<Option<F>>()) }));
    }
}

const fn fits<T>() -> bool {
    size_of::<T>() <= sys::POOL_TASK_COPY_MAX as usize && align_of::<T>() <= 16
}

/// Submits a closure. What it borrows has to live until its group is empty: the caller sees to that.
#[inline]
pub(crate) fn submit<F, O, K>(
    group: sys::pool_group_t,
    closure: F,
    options: &SpawnOptions,
    timer: Option<&mut Timer>,
) -> Result<(), Refused<F>>
where
    F: FnOnce() -> O + Send,
    O: Outcome,
    K: Keep,
{
    if !needs_drop::<F>() && Callbacks::<F, O, K>::AS_BITS && timer.is_none() && options.are_default() {
        submit_bits::<F, O, K>(group, closure)
    } else if Callbacks::<F, O, K>::IS_COPIED {
        submit_copy::<F, O, K>(group, closure, options, timer)
    } else {
        submit_copy::<Box<F>, O, K>(group, Box::new(closure), options, timer)
            .map_err(|refused| Refused { error: refused.error, closure: *refused.closure })
    }
}

fn submit_bits<F, O, K>(group: sys::pool_group_t, closure: F) -> Result<(), Refused<F>>
where
    F: FnOnce() -> O,
    O: Outcome,
    K: Keep,
{
    type Submit =
        unsafe extern "C" fn(sys::pool_group_t, unsafe extern "C" fn(Bits) -> i32, Bits) -> sys::pool_status_t;
    // SAFETY: the same function; a MaybeUninit is passed as what is in it, and a function that takes one likewise. The
    // library hands the bits on and does not look at them.
    let submit: Submit = unsafe { transmute(sys::pool_group_submit as *const ()) };
    let mut bits = Bits::uninit();
    // SAFETY: it fits, by AS_BITS, and has nothing to drop: after a refusal the original is used, else the copy.
    let status = unsafe {
        ptr::copy_nonoverlapping(&closure as *const F, bits.as_mut_ptr().cast(), 1);
        submit(group, Callbacks::<F, O, K>::run_bits, bits)
    };
    check(status).map_err(|error| Refused { error, closure })
}

fn submit_copy<F, O, K>(
    group: sys::pool_group_t,
    closure: F,
    options: &SpawnOptions,
    timer: Option<&mut Timer>,
) -> Result<(), Refused<F>>
where
    F: FnOnce() -> O,
    O: Outcome,
    K: Keep,
{
    let mut task = options.task();
    if let Some(timer) = timer {
        task.timer = timer.as_mut_ptr();
    }
    if !needs_drop::<F>() {
        task.fn_ = Some(Callbacks::<F, O, K>::run_plain);
        task.ctx = (&closure as *const F as *mut F).cast();
        task.copy_size = size_of::<F>() as u64;
        // SAFETY: the context is copied as bytes, and has nothing to drop.
        let status = unsafe { sys::pool_group_submit_task(group, &task) };
        return check(status).map_err(|error| Refused { error, closure });
    }
    let mut slot = Some(closure);
    task.fn_ = Some(Callbacks::<F, O, K>::run);
    task.drop = Some(Callbacks::<F, O, K>::drop);
    task.ctx = (&mut slot as *mut Option<F>).cast();
    task.copy_size = size_of::<Option<F>>() as u64;
    // SAFETY: the bytes are copied. Accepted, the copy is the library's and the original is forgotten; refused, the
    // original is as it was.
    match check(unsafe { sys::pool_group_submit_task(group, &task) }) {
        Ok(()) => {
            forget(slot);
            Ok(())
        }
        Err(error) => Err(Refused { error, closure: slot.take().expect("a refused task was not run") }),
    }
}
