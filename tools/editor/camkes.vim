" SPDX-License-Identifier: BSD-2-Clause
"
" Vim syntax of topologies: the CAmkES language with the macros of VM systems. Put it into
" ~/.vim/syntax/, and into ~/.vim/ftdetect/camkes.vim the line
"   autocmd BufRead,BufNewFile *.camkes,*.idl4 setfiletype camkes
if exists("b:current_syntax")
  finish
endif

syntax keyword camkesStructure component connector connection procedure assembly composition
syntax keyword camkesStructure configuration group export
syntax keyword camkesInterface control dataport emits consumes uses provides attribute has maybe
syntax keyword camkesInterface mutex semaphore binary_semaphore hardware from to thread threads
syntax keyword camkesType int string bool char float double void in out inout refin Buf
syntax keyword camkesInclude import include
syntax keyword camkesBoolean true false
syntax keyword camkesTodo contained TODO FIXME XXX

" Attributes of a VM, settings of the system and of connections.
syntax keyword camkesAttribute vm_name description num_vcpus _affinity _priority base_prio
syntax keyword camkesAttribute _budget _period ram_base ram_size vm_address_config linux_address_config
syntax keyword camkesAttribute vm_image_config linux_image_config vm_virtio_devices
syntax keyword camkesAttribute vm_virtio_drivers vm_virtio_device_channels
syntax keyword camkesAttribute vm_virtio_driver_channels mmios untyped_mmios pci_devices irqs
syntax keyword camkesAttribute dtb_irqs dtb allow_smc trust exposed asset env workdir user command_restart
syntax keyword camkesAttribute restart restart_limit restart_delay autostart watchdog may_restart
syntax keyword camkesAttribute files command health agent
syntax keyword camkesAttribute board cpus machine checks_off swiotlb driver_base

syntax match camkesMacro "\<\%(VM\|VIRTIO\|VAR\)_[A-Z_]*\>"
syntax match camkesVm "\<vm\%(_\w\+\|\d\+\)\>"
syntax match camkesNumber "\<\%(0x\x\+\|\d\+\)\>"
syntax match camkesPreProc "^\s*#\s*\%(include\|define\|undef\|ifdef\|ifndef\|if\|elif\|else\|endif\|error\|warning\|pragma\)\>"
syntax match camkesKey "\<\w\+\ze\s*:" contained
syntax region camkesString start=+"+ skip=+\\.+ end=+"+ oneline
syntax region camkesPath start=+<+ end=+>+ oneline contains=NONE
syntax region camkesDict start=+{+ end=+}+ contains=TOP,camkesKey transparent
syntax region camkesComment start="/\*" end="\*/" contains=camkesTodo
syntax match camkesComment "//.*$" contains=camkesTodo

highlight default link camkesStructure Structure
highlight default link camkesInterface Keyword
highlight default link camkesType Type
highlight default link camkesInclude Include
highlight default link camkesBoolean Boolean
highlight default link camkesTodo Todo
highlight default link camkesAttribute Function
highlight default link camkesMacro Macro
highlight default link camkesVm Identifier
highlight default link camkesNumber Number
highlight default link camkesPreProc PreProc
highlight default link camkesKey Label
highlight default link camkesString String
highlight default link camkesPath String
highlight default link camkesComment Comment

syntax sync minlines=200
let b:current_syntax = "camkes"
