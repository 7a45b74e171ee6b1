// SPDX-License-Identifier: GPL-2.0-only
/*
 * Platform driver of "peervisor,connection": one for each connection in which this VM serves.
 *
 * The module maps and notifies, and knows no protocol: it reads where the pieces of the connection
 * lie (docs/connection.md), takes the interrupts, and offers two character devices to the daemon.
 *
 * Life time: the driver cannot be unbound by hand, and an open file holds the module, so nothing
 * here outlives its platform device.
 */
#include <linux/ctype.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>

#include "connection.h"

static irqreturn_t pv_interrupt(int irq, void *data)
{
	pv_line_interrupt(data);
	return IRQ_HANDLED;
}

/* The peer's name becomes a path in /dev and a device name in sysfs. */
static bool pv_peer_name_ok(const char *name)
{
	size_t length = strlen(name);
	size_t i;

	if (length == 0 || length >= PV_BACKEND_PEER_BYTES || name[0] == '.')
		return false;
	for (i = 0; i < length; i++) {
		if (!isalnum(name[i]) && !strchr("-_.", name[i]))
			return false;
	}
	return true;
}

static int pv_read_names(struct device *dev, struct pv_connection *conn)
{
	const char *peer;
	int ret;

	ret = of_property_read_string(dev->of_node, "peervisor,peer", &peer);
	if (ret)
		return dev_err_probe(dev, ret, "peervisor,peer is missing\n");
	if (!pv_peer_name_ok(peer))
		return dev_err_probe(dev, -EINVAL, "peervisor,peer is no fit name\n");
	strscpy(conn->peer, peer, sizeof(conn->peer));

	ret = of_property_read_u64(dev->of_node, "peervisor,driver-address",
				   &conn->driver_address);
	if (ret)
		return dev_err_probe(dev, ret, "peervisor,driver-address is missing\n");
	return 0;
}

/* Find a piece of the connection and claim it. @pages: its size, or 0 for any. */
static struct resource *pv_claim(struct platform_device *pdev, const char *name, u64 pages)
{
	struct resource *res = platform_get_resource_byname(pdev, IORESOURCE_MEM, name);

	if (!res) {
		dev_err(&pdev->dev, "no reg named %s\n", name);
		return ERR_PTR(-ENODEV);
	}
	if (!PAGE_ALIGNED(res->start) || !PAGE_ALIGNED(resource_size(res)) ||
	    resource_size(res) == 0 || (pages != 0 && resource_size(res) != PFN_PHYS(pages))) {
		dev_err(&pdev->dev, "%s is %pR, which it cannot be\n", name, res);
		return ERR_PTR(-EINVAL);
	}
	if (!devm_request_mem_region(&pdev->dev, res->start, resource_size(res),
				     dev_name(&pdev->dev))) {
		dev_err(&pdev->dev, "%s %pR belongs to somebody else\n", name, res);
		return ERR_PTR(-EBUSY);
	}
	return res;
}

static int pv_claim_pages(struct platform_device *pdev, struct pv_pages *pages, const char *name)
{
	struct resource *res = pv_claim(pdev, name, 0);

	if (IS_ERR(res))
		return PTR_ERR(res);
	pages->base = res->start;
	pages->bytes = resource_size(res);
	return 0;
}

static int pv_claim_memory(struct platform_device *pdev, struct pv_connection *conn)
{
	struct resource *res;
	int ret;

	res = pv_claim(pdev, "control-in", 1);
	if (IS_ERR(res))
		return PTR_ERR(res);
	conn->page_in = res->start;

	res = pv_claim(pdev, "control-out", 1);
	if (IS_ERR(res))
		return PTR_ERR(res);
	conn->page_out = res->start;

	ret = pv_claim_pages(pdev, &conn->memory, "memory");
	if (ret)
		return ret;
	/* Where no device keeps records there is no place for any. */
	if (!platform_get_resource_byname(pdev, IORESOURCE_MEM, "inflight"))
		return 0;
	return pv_claim_pages(pdev, &conn->inflight, "inflight");
}

static int pv_init_lines(struct platform_device *pdev, struct pv_connection *conn)
{
	struct device *dev = &pdev->dev;
	struct resource *res;
	u32 __iomem *doorbells;
	u32 i;
	int irq;
	int ret;

	res = pv_claim(pdev, "doorbells", 1);
	if (IS_ERR(res))
		return PTR_ERR(res);
	doorbells = devm_ioremap(dev, res->start, resource_size(res));
	if (!doorbells)
		return -ENOMEM;

	for (i = 0; i < conn->count; i++) {
		struct pv_line *line = &conn->lines[i];
		const char *name = devm_kasprintf(dev, GFP_KERNEL, "%s:%u", conn->peer, i);

		if (!name)
			return -ENOMEM;
		pv_line_init(line, doorbells + i);
		irq = platform_get_irq(pdev, i);
		if (irq < 0)
			return irq;
		ret = devm_request_irq(dev, irq, pv_interrupt, 0, name, line);
		if (ret)
			return dev_err_probe(dev, ret, "no interrupt %u\n", i);
	}
	return 0;
}

static void pv_deregister(void *data)
{
	misc_deregister(data);
}

static int pv_register(struct device *dev, struct pv_connection *conn, struct miscdevice *misc,
		       const char *what, const struct file_operations *fops)
{
	int ret;

	misc->minor = MISC_DYNAMIC_MINOR;
	misc->fops = fops;
	misc->parent = dev;
	misc->mode = 0600;
	misc->name = devm_kasprintf(dev, GFP_KERNEL, "peervisor-%s-%s", conn->peer, what);
	misc->nodename = devm_kasprintf(dev, GFP_KERNEL, "peervisor/%s/%s", conn->peer, what);
	if (!misc->name || !misc->nodename)
		return -ENOMEM;
	ret = misc_register(misc);
	if (ret)
		return dev_err_probe(dev, ret, "cannot register %s\n", misc->name);
	return devm_add_action_or_reset(dev, pv_deregister, misc);
}

static int pv_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct pv_connection *conn;
	int count;
	int ret;

	count = platform_irq_count(pdev);
	if (count < 0)
		return count;
	if (count < 1 || count > PAGE_SIZE / sizeof(u32))
		return dev_err_probe(dev, -EINVAL, "%d interrupts cannot be\n", count);
	conn = devm_kzalloc(dev, struct_size(conn, lines, count), GFP_KERNEL);
	if (!conn)
		return -ENOMEM;
	conn->count = count;
	mutex_init(&conn->mutex);

	ret = pv_read_names(dev, conn);
	if (ret)
		return ret;
	ret = pv_claim_memory(pdev, conn);
	if (ret)
		return ret;
	ret = pv_init_lines(pdev, conn);
	if (ret)
		return ret;
	ret = pv_register(dev, conn, &conn->memory.dev, "memory", &pv_pages_fops);
	if (ret)
		return ret;
	if (conn->inflight.bytes) {
		ret = pv_register(dev, conn, &conn->inflight.dev, "inflight", &pv_pages_fops);
		if (ret)
			return ret;
	}
	ret = pv_register(dev, conn, &conn->control_dev, "control", &pv_control_fops);
	if (ret)
		return ret;
	dev_info(dev, "serves %s: %llu KiB, %d lines\n", conn->peer, conn->memory.bytes >> 10,
		 count);
	return 0;
}

static const struct of_device_id pv_match[] = {
	{ .compatible = PV_BACKEND_COMPATIBLE },
	{}
};
MODULE_DEVICE_TABLE(of, pv_match);

static struct platform_driver pv_driver = {
	.probe = pv_probe,
	.driver = {
		.name = "peervisor-connection",
		.of_match_table = pv_match,
		.suppress_bind_attrs = true,
	},
};
module_platform_driver(pv_driver);

MODULE_DESCRIPTION("Peervisor: the device VM's end of a connection");
MODULE_LICENSE("GPL");
