/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
// What a library of VM components looks like: topo must live with macros and declarations that
// have the names of its own and other bodies.
#define STRING_OF(...) #__VA_ARGS__
#define VAR_STRINGIZE(...) STRING_OF(__VA_ARGS__)

#if VUART
#define VUART_DEF \
    consumes Dummy vuart; \
    emits Dummy source; \
    composition { \
        connection seL4DTBHardware vuart_conn(from source, to vuart); \
    } \
    configuration { \
        vuart.dtb = dtb({ "chosen" : "stdout-path" }); \
        vuart.generate_interrupts = 1; \
    }
#else
#define VUART_DEF
#endif

#define VM_INIT_DEF() \
    control; \
    uses FileServerInterface fs; \
    has semaphore vm_sem; \
    maybe uses PutChar guest_putchar; \
    consumes Ready notification_ready; \
    emits Ready notification_ready_connector; \
    maybe uses VMDTBPassthrough dtb_self; \
    provides VMDTBPassthrough dtb; \
    attribute int num_vcpus = 1; \
    attribute { \
        string ram_base; \
        string kernel_entry_addr = "-1"; \
    } vm_address_config; \
    attribute { \
        int send_id; \
    } serial_layout[] = []; \
    VUART_DEF \

#define VM_GENERAL_COMPOSITION_DEF() \
    component FileServer fserv; \

#define VM_COMPOSITION_DEF(num) \
    component VM vm##num; \
    connection seL4RPCDataport fs##num(from vm##num.fs, to fserv.fs_ctrl); \
    connection seL4GlobalAsynch ready##num(from vm##num.notification_ready_connector, to vm##num.notification_ready); \

#define VM_GENERAL_CONFIGURATION_DEF() \
    fserv.heap_size = 0x30000; \

#define VM_CONFIGURATION_DEF(num) \
    vm##num.global_endpoint_base = 1 << 27; \
    vm##num.simple_untyped24_pool = 12; \
    vm##num.base_prio = 100; \
    vm##num._priority = 101;
