// SPDX-License-Identifier: MIT
// A module in C++: names flows whose first client bytes are all capital letters.
//
//     cdpi --modules own,./cdpi-shout.so --set shout.least=4 FILE
//
// C++ sees the header as it is. What must not happen is that an exception leaves a function: the
// caller is C.
#include <cdpi/module.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

namespace
{

struct shout {
    std::size_t least = 3;
};

bool shout_open(const char *const *settings, void **instance, char *why, size_t why_size)
try {
    std::unique_ptr<shout> s(new shout);
    for (; *settings; settings++) {
        const std::string setting = *settings;
        if (setting.compare(0, 6, "least=") != 0) {
            std::snprintf(why, why_size, "unknown setting %s", setting.c_str());
            return false;
        }
        s->least = std::stoul(setting.substr(6));
    }
    *instance = s.release();
    return true;
} catch (...) {
    std::snprintf(why, why_size, "least wants a number");
    return false;
}

void shout_close(void *instance)
{
    delete static_cast<shout *>(instance);
}

cdpi_module_says shout_classify(void *instance, const cdpi_module_flow *flow,
                                cdpi_module_verdict *verdict)
{
    const auto *begin = flow->head[0], *end = begin + flow->head_size[0];
    const auto *quiet = std::find_if(begin, end, [](uint8_t c) { return c < 'A' || c > 'Z'; });
    const auto loud = static_cast<std::size_t>(quiet - begin);
    if (loud < static_cast<shout *>(instance)->least)
        return CDPI_MODULE_DOES_NOT_KNOW;
    verdict->protocol = "shout:SHOUT";
    verdict->rule = "capital letters";
    verdict->packet = 1;
    verdict->length = static_cast<uint32_t>(loud);
    return CDPI_MODULE_KNOWS;
}

} // namespace

extern "C" {

// A const object of C++ has no external name unless it is declared so first.
extern CDPI_MODULE_EXPORT const struct cdpi_module cdpi_module;
const struct cdpi_module cdpi_module = {
    CDPI_MODULE_ABI,
    sizeof(struct cdpi_module),
    "shout",
    "1",
    0,
    0,
    shout_open,
    shout_close,
    shout_classify,
    nullptr,
    nullptr,
};
}
