// SPDX-License-Identifier: MIT
//! A module in Rust, by the C ABI: names flows of which it sees at least two packets with payload,
//! all of them from the client.
//!
//!     rustc --crate-type cdylib -o cdpi-count.so count.rs
//!     cdpi --modules own,./cdpi-count.so --set count.least=5 FILE
//!
//! The structs repeat those of cdpi/module.h, field by field. A panic must not leave a function.
use std::ffi::{c_void, CStr};
use std::os::raw::c_char;

#[repr(C)]
struct Packet {
    data: *const u8,
    captured: u32,
    length: u32,
    time: u64,
    side: u8,
    has_payload: bool,
}

#[repr(C)]
struct Flow {
    struct_size: usize,
    ip_version: u8,
    ip_protocol: u8,
    sides_are_certain: bool,
    syn_seen: [bool; 2],
    port: [u16; 2],
    address: [[u8; 16]; 2],
    head: [*const u8; 2],
    head_size: [u32; 2],
    first_payload: [u32; 2],
    sequence: [u32; 2],
    packets: *const Packet,
    packet_count: u32,
    state: *mut c_void,
    // Later fields are left out: structs only grow at their ends.
}

#[repr(C)]
struct Verdict {
    struct_size: usize,
    protocol: *const c_char,
    application: *const c_char,
    is_certain: bool,
    rule: *const c_char,
    packet: u32,
    side: u8,
    offset: u32,
    length: u32,
}

#[repr(C)]
pub struct Module {
    abi: u32,
    struct_size: usize,
    name: *const c_char,
    version: *const c_char,
    flags: u32,
    flow_state_size: usize,
    open: extern "C" fn(*const *const c_char, *mut *mut c_void, *mut c_char, usize) -> bool,
    close: extern "C" fn(*mut c_void),
    classify: extern "C" fn(*mut c_void, *const Flow, *mut Verdict) -> u32,
    protocol: Option<extern "C" fn(*mut c_void, usize) -> *const c_char>,
    library_version: Option<extern "C" fn(*mut c_void) -> *const c_char>,
}
// It is constant: strings of the program, and functions.
unsafe impl Sync for Module {}

const DOES_NOT_KNOW: u32 = 0;
const KNOWS: u32 = 2;

/// A constant string as C wants it; it ends with a zero.
const fn text(s: &'static [u8]) -> *const c_char {
    s.as_ptr() as *const c_char
}

fn complain(why: *mut c_char, size: usize, what: &[u8]) -> bool {
    let n = what.len().min(size.saturating_sub(1));
    unsafe {
        std::ptr::copy_nonoverlapping(what.as_ptr().cast(), why, n);
        *why.add(n) = 0;
    }
    false
}

extern "C" fn open(
    settings: *const *const c_char,
    instance: *mut *mut c_void,
    why: *mut c_char,
    why_size: usize,
) -> bool {
    let mut least: u32 = 2;
    for i in 0.. {
        let setting = unsafe { *settings.add(i) };
        if setting.is_null() {
            break;
        }
        let setting = unsafe { CStr::from_ptr(setting) }.to_str().unwrap_or("");
        match setting.strip_prefix("least=").and_then(|n| n.parse().ok()) {
            Some(n) => least = n,
            None => return complain(why, why_size, b"least=NUMBER is the only setting"),
        }
    }
    unsafe { *instance = Box::into_raw(Box::new(least)).cast() };
    true
}

extern "C" fn close(instance: *mut c_void) {
    drop(unsafe { Box::from_raw(instance.cast::<u32>()) });
}

extern "C" fn classify(instance: *mut c_void, flow: *const Flow, verdict: *mut Verdict) -> u32 {
    let (least, flow) = unsafe { (*instance.cast::<u32>(), &*flow) };
    if flow.packets.is_null() {
        return DOES_NOT_KNOW;
    }
    let packets = unsafe { std::slice::from_raw_parts(flow.packets, flow.packet_count as usize) };
    let mut spoken = packets.iter().filter(|p| p.has_payload);
    if spoken.clone().count() < least as usize || spoken.any(|p| p.side != 0) {
        return DOES_NOT_KNOW;
    }
    unsafe {
        (*verdict).protocol = text(b"count:MONOLOGUE\0");
        (*verdict).rule = text(b"only the client speaks\0");
    }
    KNOWS
}

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static cdpi_module: Module = Module {
    abi: 1,
    struct_size: std::mem::size_of::<Module>(),
    name: text(b"count\0"),
    version: text(b"1\0"),
    flags: 1, // CDPI_MODULE_WANTS_PACKETS
    flow_state_size: 0,
    open,
    close,
    classify,
    protocol: None,
    library_version: None,
};
