#pragma once
#define CONNECT(x, y) VIRTIO_COMPOSITION_DEF(x, y)
#define DECLARE(x) component VM x VM
#define SETTINGS(vm) \
    vm.num_vcpu = 1; \
    vm._priority = 999;
#if 1
