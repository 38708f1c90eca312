/* What ipvsadm finds in place of IPVS, which the kernel of a test machine need not have: every command to the kernel
   succeeds, and goes to standard output as its number, its length and its bytes. */

typedef unsigned int word;
typedef unsigned long size;

int *__errno_location(void);
void *memset(void *, int, size);
long write(int, const void *, size);
int dup(int);

enum { NETLINK = 16, UNSUPPORTED = 93 };

int socket(int domain, int type, int protocol)
{
	if (domain == NETLINK) {
		*__errno_location() = UNSUPPORTED;
		return -1;
	}
	return dup(2);
}

int getsockopt(int socket, int level, int name, void *value, word *length)
{
	memset(value, 0, *length);
	*(word *) value = 0x010201; /* version 1.2.1 */
	return 0;
}

int setsockopt(int socket, int level, int name, const void *value, word length)
{
	write(1, &name, sizeof name);
	write(1, &length, sizeof length);
	write(1, value, length);
	return 0;
}
