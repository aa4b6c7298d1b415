/* SPDX-License-Identifier: Apache-2.0 */
/* rights: the capabilities that are in effect, asked of the kernel. */
#include "base/rights.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

bool rights_have_bpf(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return false;
	bool admin = data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN);
	bool bpf = data[CAP_TO_INDEX(CAP_BPF)].effective & CAP_TO_MASK(CAP_BPF);
	bool net = data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN);

	return (bpf || admin) && net;
}
