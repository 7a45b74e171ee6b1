/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
/*
 * The macros of CAmkES VM systems, as Peervisor means them (docs/language.md). topo reads this
 * file before every topology, so that an #include of it changes nothing.
 */
#pragma once

#ifndef VMSWIOTLB
#define VMSWIOTLB 1
#endif

/* The expansion of its arguments, as a string. */
#define VAR_STRINGIZE(...) VAR_STRINGIZE_EXPANDED(__VA_ARGS__)
#define VAR_STRINGIZE_EXPANDED(...) #__VA_ARGS__

/* What makes a component a VM. */
#define VM_INIT_DEF() \
	control; \
	uses FileServerInterface fs; \
	maybe uses VMDTBPassthrough dtb_self; \
	provides VMDTBPassthrough dtb; \
	attribute int num_vcpus = 1; \
	attribute int base_prio;

/* vmN. A component VMN that the topology does not declare is a plain VM. */
#define VM_COMPONENT_DEF(n) \
	component VM##n vm##n;

#define VM_COMPOSITION_DEF(n) \
	VM_COMPONENT_DEF(n)

/* What these say of seL4's objects behind a VM has no counterpart here. */
#define VM_GENERAL_COMPOSITION_DEF() \
	component FileServer fserv;
#define VM_GENERAL_CONFIGURATION_DEF()
#define VM_COMPONENT_CONNECTIONS_DEF(n)
#define VM_DOMAIN_CONFIGURATION_DEF(n, domain)
#define VM_VIRTUAL_SERIAL_COMPONENTS_DEF()
#define PER_VM_VIRTUAL_SERIAL_CONNECTIONS_DEF(n)
#define VM_VIRTUAL_SERIAL_COMPOSITION_DEF(...)
#define VM_VIRTUAL_SERIAL_GENERAL_CONFIGURATION_DEF()
#define PER_VM_VIRTUAL_SERIAL_CONFIGURATION_DEF(n)
#define VM_VIRTUAL_SERIAL_CONFIGURATION_DEF(...)
#define VM_CONFIGURATION_DEF(n)
